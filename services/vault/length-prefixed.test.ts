import fc from "fast-check";
import { expect, test } from "vitest";
import { lengthPrefixed } from "./length-prefixed.ts";

test("two lists of parts never give the same bytes", () => {
  const parts = fc.array(fc.string({ unit: "grapheme", maxLength: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = a.length === b.length && a.every((part, i) => part === b[i]);
      expect(lengthPrefixed(...a).equals(lengthPrefixed(...b))).toBe(same);
    }),
  );
});

test("a character moved across a border changes the bytes", () => {
  const text = fc.string({ unit: "grapheme", minLength: 2 });
  fc.assert(
    fc.property(text, (whole) => {
      const splits = Array.from({ length: whole.length + 1 }, (_, i) => [whole.slice(0, i), whole.slice(i)] as const);
      const wellFormed = splits.filter(([a, b]) => a.isWellFormed() && b.isWellFormed());
      const encoded = new Set(wellFormed.map(([a, b]) => lengthPrefixed(a, b).toString("hex")));
      expect(encoded.size).toBe(wellFormed.length);
    }),
  );
});

test("the length counts bytes, not characters", () => {
  expect(lengthPrefixed("é", "").toString("hex")).toBe("00000002c3a900000000");
});
