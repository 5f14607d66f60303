import { expect, test } from "vitest";
import { mailLink } from "./mail-link.ts";

test.each([
  ["https://id.acme.test", "https://id.acme.test/reset?token=kmp_a-b_c"],
  ["http://acme.localhost:8080", "http://acme.localhost:8080/reset?token=kmp_a-b_c"],
])("A4: the link is of the tenant's canonical origin %s", (canonicalOrigin, link) => {
  expect(mailLink({ canonicalOrigin }, "reset", "kmp_a-b_c")).toBe(link);
});

test("what is in a token stays in its place", () => {
  const link = new URL(mailLink({ canonicalOrigin: "https://id.acme.test" }, "reset", "a&b=#c/../d"));
  expect([link.origin, link.pathname, link.searchParams.get("token"), link.hash]).toEqual([
    "https://id.acme.test",
    "/reset",
    "a&b=#c/../d",
    "",
  ]);
});
