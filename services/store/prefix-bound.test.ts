import fc from "fast-check";
import { expect, test } from "vitest";
import { prefixUpperBound } from "./prefix-bound.ts";

test.each([
  ["a", "b"],
  ["az", "a{"],
  ["\uD7FF", "\uE000"],
  ["\uFFFF", "\u{10000}"],
  ["a\u{10FFFF}", "b"],
  ["\u{10FFFF}\u{10FFFF}", undefined],
  ["", undefined],
])("%j ends before %j", (prefix, bound) => {
  expect(prefixUpperBound(prefix)).toBe(bound);
});

test("by code point, a text is in the range of a prefix exactly when it starts with it", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom("\uD7FF", "\uE000", "\u{10FFFF}"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    ),
  });
  fc.assert(
    fc.property(text, text, fc.boolean(), (prefix, other, extended) => {
      const candidate = extended ? prefix + other : other;
      const bytes = Buffer.from(candidate);
      const bound = prefixUpperBound(prefix);
      const inRange =
        Buffer.compare(bytes, Buffer.from(prefix)) >= 0 &&
        (bound === undefined || Buffer.compare(bytes, Buffer.from(bound)) < 0);
      expect(inRange).toBe(candidate.startsWith(prefix));
    }),
    { numRuns: 2_000 },
  );
});
