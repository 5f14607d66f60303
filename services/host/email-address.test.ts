import { expect, test } from "vitest";
import { addressForm, hasOtherLetters, inAsciiDomain, isEmailAddress } from "./email-address.ts";

test.each([
  ["ana@example.com", "ana@example.com"],
  ["Ana@Example.com", "Ana@Example.com"],
  ["ana@münchen.example", "ana@xn--mnchen-3ya.example"],
  ["Ana@MÜNCHEN.example", "Ana@xn--mnchen-3ya.example"],
  ["ana@例え.テスト", "ana@xn--r8jz45g.xn--zckzah"],
  ["ana@𠮷野家.example", "ana@xn--fctt27jo60v.example"],
])("%s is an address, for mail servers %s", (address, ascii) => {
  expect([isEmailAddress(address), inAsciiDomain(address)]).toEqual([true, ascii]);
  expect(address).toMatch(new RegExp(addressForm, "u"));
});

test.each([
  "",
  "ana",
  "ana@",
  "@münchen.example",
  "añá@example.com",
  "ana@mün chen.example",
  "ana@münchen%2eexample",
  "ana@münchen.example\r\nBcc: bob@example.com",
  "ana@münchen_.example",
  "ana@ü..example",
  `ana@${"ü".repeat(64)}.example`,
  `${"a".repeat(235)}@münchen.example`,
])("%j is none", (address) => {
  expect(isEmailAddress(address)).toBe(false);
});

test("letters beyond ASCII are told of where they stand before the domain", () => {
  expect(["añá@example.com", "ana@münchen.example", "ana", ""].map(hasOtherLetters)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
