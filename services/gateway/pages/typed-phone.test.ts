import { expect, test } from "vitest";
import { typedPhone } from "./typed-phone.ts";

test.each([
  ["+55 (11) 99999-0199", "+5511999990199"],
  ["0055 11 99999.0199", "+5511999990199"],
  ["\u202a+49\u00a0170\u20111234567\u202c", "+491701234567"],
  ["＋４９ １７０ １２３４５６７", "+491701234567"],
  ["11 99999-0199", undefined],
  ["+0 11 99999 0199", undefined],
  ["+55 11", undefined],
  ["+1234567890123456", undefined],
  ["+55 11 99999-0199 ext. 4", undefined],
  ["", undefined],
])("%j is %s", (typed, number) => {
  expect(typedPhone(typed)).toBe(number);
});
