import { expect, test } from "vitest";
import { slugFault } from "./slug.ts";

test.each(["ab", "acme", "acme-2", "a1", `a${"b".repeat(39)}`])("%s is a slug", (slug) => {
  expect(slugFault(slug)).toBeUndefined();
});

test.each([
  "",
  "a",
  "Acme",
  "1a",
  "-a",
  "a-",
  "a--b",
  "xn--80ak6aa92e",
  "a.b",
  "a_b",
  "ä",
  "аcme",
  "a b",
  "a\n",
  `a${"b".repeat(40)}`,
  `a${"-b".repeat(39)}`,
  "default",
  "www",
  "system",
  "wpad",
])("%j is none", (slug) => {
  expect(slugFault(slug)).toBeDefined();
});
