import fc from "fast-check";
import { expect, test } from "vitest";
import { newUserCode, shownUserCode, typedUserCode } from "./user-code.ts";

test("a new code has eight letters of the alphabet, and no vowels", () => {
  const codes = Array.from({ length: 200 }, newUserCode);
  for (const code of codes) expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/);
  expect(new Set(codes).size).toBe(200);
  // Every letter comes, so that none is lost to a step in between.
  expect(new Set(codes.join("")).size).toBe(20);
});

test.each([
  ["WDJB-MJHT", "WDJBMJHT"],
  ["wdjbmjht", "WDJBMJHT"],
  [" wdjb mjht ", "WDJBMJHT"],
  ["w d j b - m j h t", "WDJBMJHT"],
  ["ＷＤＪＢ－ＭＪＨＴ", "WDJBMJHT"],
  ["WDJB—MJHT", "WDJBMJHT"],
  ["WDJBMJH", undefined],
  ["WDJBMJHTT", undefined],
  ["", undefined],
  ["AEIOUAEI", undefined],
  ["12345678", undefined],
])("typed %j is %j", (text, code) => {
  expect(typedUserCode(text)).toBe(code);
});

test("what is shown can be typed, in any case and with spaces anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("", " ", "-", "\t"), { minLength: 9, maxLength: 9 }),
      fc.boolean(),
      (gaps, low) => {
        const code = newUserCode();
        const shown = low ? shownUserCode(code).toLowerCase() : shownUserCode(code);
        expect(typedUserCode(Array.from(shown, (letter, index) => (gaps[index] ?? "") + letter).join(""))).toBe(code);
      },
    ),
  );
});
