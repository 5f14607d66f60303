import { expect, test } from "vitest";
import { letterOf } from "./shown-account.ts";

test.each([
  ["ana", "A"],
  ["  ana", "A"],
  ["a", "A"],
  ["7up", "7"],
  ["e\u0301ric", "E\u0301"],
  ["e\u0301", "E\u0301"],
  ["żaneta", "Ż"],
  ["👩🏽‍🚀 crew", "👩🏽‍🚀"],
  ["", "?"],
])("%j is shown by the first character as people see it", (name, letter) => {
  expect(letterOf(name)).toBe(letter);
});
