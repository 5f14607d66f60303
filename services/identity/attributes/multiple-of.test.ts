import fc from "fast-check";
import { expect, test } from "vitest";
import { isMultipleOf } from "./multiple-of.ts";

test.each([
  [0.3, 0.1, true],
  [-0.7, 0.1, true],
  [19.99, 0.01, true],
  [123_456_789.12, 0.01, true],
  [0, 0.01, true],
  [-0, 5, true],
  [1e21, 0.1, true],
  [1e308, 5e-324, true],
  [1.5e-7, 5e-8, true],
  [4.5, 1.5, true],
  [0.295, 0.01, false],
  [0.300_000_01, 0.1, false],
  [1.2e-7, 5e-8, false],
  [5e-324, 1e308, false],
  [7, 2, false],
])("%d, %d: %s", (value, of, isOne) => {
  expect(isMultipleOf(value, of)).toBe(isOne);
});

test("whatever has so many decimals is a multiple of the last of them", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 6 }), (digits, decimals) => {
      expect(isMultipleOf(Number(`${digits}e-${decimals}`), Number(`1e-${decimals}`))).toBe(true);
    }),
  );
});
