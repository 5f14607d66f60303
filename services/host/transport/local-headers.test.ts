import { expect, test } from "vitest";
import { LocalHeaders } from "./local-headers.ts";

/** What the platform's own do with the same steps. */
function both(step: (headers: Headers) => unknown): [unknown, unknown] {
  return [
    step(new LocalHeaders({ "x-b": "2", Authorization: "Bearer t" })),
    step(new Headers({ "x-b": "2", Authorization: "Bearer t" })),
  ];
}

test.each<[string, (headers: Headers) => unknown]>([
  ["get, in any case", (headers) => [headers.get("AUTHORIZATION"), headers.get("x-b"), headers.get("x-none")]],
  ["has", (headers) => [headers.has("Authorization"), headers.has("x-none")]],
  ["set", (headers) => (headers.set("X-B", "3"), headers.get("x-b"))],
  ["append", (headers) => (headers.append("X-B", "3"), headers.append("x-c", "4"), [...headers])],
  ["delete", (headers) => (headers.delete("X-B"), [...headers])],
  ["order", (headers) => (headers.set("a", "1"), [[...headers.entries()], [...headers.keys()], [...headers.values()]])],
  [
    "forEach",
    (headers) => {
      const seen: unknown[] = [];
      headers.forEach((value, name, parent) => seen.push([name, value, parent === headers]));
      return seen;
    },
  ],
  ["cookies", (headers) => headers.getSetCookie()],
])("%s is as the platform's", (_name, step) => {
  const [ours, theirs] = both(step);
  expect(ours).toEqual(theirs);
});

test("it copies another one's", () => {
  const first = new LocalHeaders({ "x-a": "1" });
  const second = new LocalHeaders(first);
  first.set("x-a", "2");
  expect([...second]).toEqual([["x-a", "1"]]);
});
