import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPassword } from "./password-policy.ts";

const owner = { username: "ana.silva", email: "ana@example.com" };
const check = (password: string) => checkPassword("password", password, owner);

describe("the password policy", () => {
  test.each([
    ["fourteen chars", "at least 15"],
    ["", "at least 15"],
    ["aaaaaaaaaaaaaaaaaaaa", "over and over"],
    ["ana.silvaana.silva", "own name"],
    ["ANA.SILVA ana@example.com", "own name"],
    ["x".repeat(128) + "y".repeat(129), "at most 256"],
  ])("refuses %j", (password, why) => {
    expect(() => check(password)).toThrow(why);
  });

  test.each([
    "correct horse battery staple",
    "fifteen letters",
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
