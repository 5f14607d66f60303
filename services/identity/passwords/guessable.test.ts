import { describe, expect, test } from "vitest";
import { isMadeOfCommonPasswords, repeatedUnit } from "./guessable.ts";

describe("made of common passwords", () => {
  test.each([
    "password",
    "trustno1",
    "qwertyuiopasdfghjkl",
    "passwordpassword",
    "123456789012345",
    "p4ssw0rd!",
    "!!password2024",
    "iloveyou forever",
  ])("%s is", (text) => {
    expect(isMadeOfCommonPasswords(text)).toBe(true);
  });

  test.each([
    "correct horse battery staple",
    "1092830498120938password",
    "the next password of ana",
    "пароль из пятнадцати букв",
    "kx7!vq2#mz9$wt4&",
    `${"a".repeat(40)}password123`,
  ])("%s is not", (text) => {
    expect(isMadeOfCommonPasswords(text)).toBe(false);
  });
});

test.each([
  ["abcabcab", "abc"],
  ["aaaaaaaa", "a"],
  ["abcdefgh", "abcdefgh"],
  ["abcdefghabcdefgh", "abcdefgh"],
  ["", ""],
])("what repeats in %j is %j", (text, unit) => {
  expect(repeatedUnit(text)).toBe(unit);
});
