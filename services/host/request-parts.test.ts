import { expect, test } from "vitest";
import { headerOf, pathOf, queryOf } from "./request-parts.ts";

test.each([
  ["/", "/", ""],
  ["/authorize?", "/authorize", ""],
  ["/authorize?state=a?b&c=d", "/authorize", "state=a?b&c=d"],
  ["/authorize?state=a\nb", "/authorize", "state=a\nb"],
])("the path and the query of %j", (url, path, query) => {
  expect([pathOf({ url }), queryOf({ url })]).toEqual([path, query]);
});

test("a header that was sent several times is a list", () => {
  const request = { headers: { dpop: "one", "x-forwarded-for": ["192.0.2.1", "192.0.2.2"] } };
  expect(headerOf(request, "dpop")).toBe("one");
  expect(headerOf(request, "x-forwarded-for")).toBe("192.0.2.1, 192.0.2.2");
  expect(headerOf(request, "accept")).toBeUndefined();
});
