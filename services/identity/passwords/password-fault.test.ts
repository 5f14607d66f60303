import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contextWords } from "./context-words.ts";
import { normalPassword, passwordFault, passwordStrength } from "./password-fault.ts";

const owner = { username: "ana.silva", email: "ana@example.com", phoneNumber: "+5511999990000" };
const place = { slug: "acme", displayName: "Acme Bank", defaultDomain: "acme.test" };
const rules = { shortest: 15, longest: 256, names: contextWords(owner, place), blockedWords: [] };
const check = (password: string, more: Partial<Parameters<typeof passwordFault>[1]> = {}) => {
  const normal = normalPassword(password);
  const fault = passwordFault(normal, { ...rules, ...more });
  if (fault !== undefined) throw new Error(`${fault.rule}: ${fault.description}`);
  return normal;
};

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

describe("rules of a tenant", () => {
  test("lengths are the tenant's, in characters", () => {
    expect(() => check("wet grey slates", { shortest: 16 })).toThrow("at least 16");
    expect(check("grey slates wet!", { shortest: 16 })).not.toBe("");
    expect(() => check("correct horse battery staple ".repeat(3), { longest: 64 })).toThrow("at most 64");
    expect(check("vq8#kz-w", { shortest: 8 })).toBe("vq8#kz-w");
  });

  test.each([
    ["Bravnitsk Bravnitsk 1", "blocked_word"],
    ["bravnitsk-ana.silva", "blocked_word"],
    ["ana.silvaana.silva", "names"],
    ["BRAVNITSKpassword", "blocked_word"],
  ])("words that are blocked make no password: %j", (password, rule) => {
    expect(() => check(password, { blockedWords: ["bravnitsk"] })).toThrow(`${rule}:`);
  });

  test("beside enough else they do no harm", () => {
    expect(check("bravnitsk over quiet harbours", { blockedWords: ["bravnitsk"] })).not.toBe("");
  });

  test("short ones are looked at as closely as long ones", () => {
    for (const password of ["password", "passw0rd", "12345678", "abababab", "ana12345", "qwerty12"]) {
      expect(() => check(password, { shortest: 8 }), password).toThrow(/^(?:common|repetitive|names):/);
    }
  });

  test("strength grows with what is no name, and is never told of what is refused", () => {
    expect(passwordStrength("vq8#kz-w", rules)).toBe(1);
    expect(passwordStrength("wet grey slates", rules)).toBe(2);
    expect(passwordStrength("correct horse battery staple", rules)).toBe(3);
    expect(passwordStrength("ana.silva vq8#kz-w acme", rules)).toBe(1);
  });
});
