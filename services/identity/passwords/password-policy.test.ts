import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPassword } from "./password-policy.ts";

const owner = { username: "ana.silva", email: "ana@example.com", phoneNumber: "+5511999990000" };
const place = { slug: "acme", displayName: "Acme Bank", defaultDomain: "acme.test" };
const check = (password: string) => checkPassword("password", password, owner, place);

describe("the password policy", () => {
  test.each([
    ["fourteen chars", "at least 15"],
    ["", "at least 15"],
    ["aaaaaaaaaaaaaaaaaaaa", "over and over"],
    ["ana.silvaana.silva", "own name"],
    ["ANA.SILVA ana@example.com", "own name"],
    ["Ana-Silva password1", "own name"],
    ["5511999990000ana", "own name"],
    ["acme.test Acme Bank 1", "name of this service"],
    ["abcabcabcabcabcabc", "over and over"],
    ["passwordpassword", "common password"],
    ["P4ssw0rd!P4ssw0rd!", "common password"],
    ["qwertyuiopasdfghjkl", "common password"],
    ["123456789012345678", "common password"],
    ["x".repeat(128) + "y".repeat(129), "at most 256"],
  ])("refuses %j", (password, why) => {
    expect(() => check(password)).toThrow(why);
  });

  test.each([
    "correct horse battery staple",
    "wet grey slates",
    "ana.silva likes correct horses",
    "пароль из пятнадцати",
    "日本語の長いパスワードを使う人々",
    "👩‍👩‍👧🔑🐎🔋📎 correct",
  ])("takes %j", (password) => {
    expect(check(password)).toBe(password);
  });

  test("asks for nothing of the composition, and counts characters, not UTF-16 units", () => {
    const emoji = ["🐎", "🔋", "📎", "🔑"];
    expect(() => check(emoji.join("").repeat(3) + "🐎🔋")).toThrow("at least 15");
    expect(check(emoji.join("").repeat(4))).toHaveLength(32);
    expect(check(emoji.join("").repeat(64))).toHaveLength(512);
    expect(() => check(`${emoji.join("").repeat(64)}a`)).toThrow("at most 256");
  });

  test("is the same for composed and decomposed letters", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from("éãñçüaoz ")), minLength: 30, maxLength: 60 }),
        (text) => {
          fc.pre(new Set(text.normalize("NFC")).size >= 4);
          expect(check(text.normalize("NFD"))).toBe(check(text.normalize("NFC")));
        },
      ),
    );
  });
});
