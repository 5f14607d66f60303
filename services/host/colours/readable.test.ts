import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contrast, fromOklch, readHex, toOklch, writeHex, type Rgb } from "./colour.ts";
import { moved, onColour, readable } from "./readable.ts";

const colours = fc
  .integer({ min: 0, max: 0xff_ff_ff })
  .map((number) => readHex(`#${number.toString(16).padStart(6, "0")}`));
const white = readHex("#ffffff");

describe("a colour", () => {
  test("is the same after it went through OKLCH", () => {
    const property = fc.property(colours, (colour) => {
      expect(writeHex(fromOklch(toOklch(colour)))).toBe(writeHex(colour));
    });
    fc.assert(property);
  });

  test.each(["", "red", "#fff", "#12345g", "#1234567", "#ffffff;}", " #ffffff", "#ffffff\n"])("is not %j", (text) =>
    expect(() => readHex(text)).toThrow(RangeError),
  );

  test.each([
    ["#ffffff", "#000000", 21],
    ["#777777", "#ffffff", 4.48],
    ["#0000ff", "#ffffff", 8.59],
  ])("%s on %s has the contrast that WCAG says", (one, other, ratio) =>
    expect(contrast(readHex(one), readHex(other))).toBeCloseTo(ratio, 1),
  );
});

test("text on any colour can be read", () => {
  const property = fc.property(colours, (colour) => {
    expect(contrast(onColour(colour), colour)).toBeGreaterThanOrEqual(4.5);
  });
  fc.assert(property);
});

test("any colour becomes one that can be read on light and on dark", () => {
  const grounds: readonly (readonly Rgb[])[] = [
    [white, readHex("#f7f7fa")],
    [readHex("#13151b"), readHex("#1c1f27")],
  ];
  const property = fc.property(colours, fc.constantFrom(...grounds), fc.constantFrom(3, 4.5), (colour, on, ratio) => {
    const made = readable(colour, on, ratio);
    for (const ground of on) expect(contrast(made, ground)).toBeGreaterThanOrEqual(ratio);
  });
  fc.assert(property, { numRuns: 500 });
});

test("what can be read already stays as it is", () => {
  const navy = readHex("#0b1f4b");
  expect(readable(navy, [white], 4.5)).toBe(navy);
});

test("its hue stays: yellow becomes a dark yellow, not another colour", () => {
  const yellow = readHex("#ffdd00");
  const made = readable(yellow, [white], 4.5);
  expect(Math.abs(toOklch(made).hue - toOklch(yellow).hue)).toBeLessThan(6);
});

test("a button under the pointer can be read as well", () => {
  fc.assert(
    fc.property(colours, fc.constantFrom(0.06, -0.06), (colour, by) => {
      const on = onColour(colour);
      expect(contrast(moved(colour, by, on), on)).toBeGreaterThanOrEqual(4.5);
    }),
  );
});
