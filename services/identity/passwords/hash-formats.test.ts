import { describe, expect, test } from "vitest";
import { fastArgon2 } from "../identity-fixture.ts";
import { loadArgon2 } from "./argon2.ts";
import { readHash } from "./hash-formats.ts";

const argon2 = loadArgon2();
const horse = "correct horse battery staple";

/** Made by others: crypt_blowfish's tests, RFC 7914 §12, RFC 6070 §2, and Python's hashlib in passlib's and Django's forms. */
const foreign = [
  ["bcrypt 2a", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ["bcrypt 2y", "U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  [
    "scrypt",
    "pleaseletmein",
    "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
  ],
  ["PBKDF2, SHA-1, passlib", "password", "$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE"],
  ["PBKDF2, SHA-1, PHC", "password", "$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE"],
  [
    "PBKDF2, SHA-512, passlib",
    horse,
    "$pbkdf2-sha512$25000$yMnKy8zNzs/Q0dLT1NXW1w$O/6a00VjjxIXzrAU5Lg0Ebb060jTSEkU3XUsPyPxxOCVJXkL61KsJcvt.imUJLRGNUBuWvGMVnw30QtGdrTtog",
  ],
  ["PBKDF2, SHA-256, Django", horse, "pbkdf2_sha256$20000$seasaltwater$bpxK9OGT7CRnnxrJIZ1pVEEt4tpnYG4if3s1RLMFqlw="],
] as const;

describe.each(foreign)("%s", (_name, password, text) => {
  test("verifies the password, and no other", async () => {
    const hash = readHash(text);
    expect(await hash?.verify(password, argon2)).toBe(true);
    expect(await hash?.verify(`${password}x`, argon2)).toBe(false);
    expect(await hash?.verify("", argon2)).toBe(false);
  });

  test("a digit changed is another hash", async () => {
    const at = text.length - 6;
    const other = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    expect(await readHash(other)?.verify(password, argon2)).toBe(false);
  });
});

test("verifies Argon2 in PHC form", async () => {
  const phc = await argon2.hash(horse, fastArgon2);
  expect(await readHash(phc)?.verify(horse, argon2)).toBe(true);
  expect(await readHash(phc)?.verify("correct horse", argon2)).toBe(false);
});

test("bcrypt says how much of a password it reads", () => {
  expect(readHash(foreign[0][2])?.reads).toBe(72);
  expect(readHash(foreign[2][2])?.reads).toBeUndefined();
});

test.each([
  "",
  "correct horse battery staple",
  "5f4dcc3b5aa765d61d8327deb882cf99",
  "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
  "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
  "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
  "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
  "$scrypt$ln=30,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
  "$scrypt$ln=14,r=8,p=99$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
  "$pbkdf2-md5$25000$yMnKy8zNzs/Q0dLT1NXW1w$SwB5AbdlSJq.rUnZJvch0GWkKcE",
  "$pbkdf2-sha256$999$yMnKy8zNzs$SwB5AbdlSJq.rUnZJvch0GWkKcE",
  "$pbkdf2-sha256$9999999$yMnKy8zNzs$SwB5AbdlSJq.rUnZJvch0GWkKcE",
  "$argon2id$v=19$m=9999999,t=2,p=1$c2FsdHNhbHRzYWx0$SwB5AbdlSJqrUnZJvch0GWkKcE",
  "$argon2id$v=19$m=7,t=2,p=1$c2FsdHNhbHRzYWx0$SwB5AbdlSJqrUnZJvch0GWkKcE",
  "$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$SwB5AbdlSJqrUnZJvch0GWkKcE",
])("does not take %j", (text) => {
  expect(readHash(text)).toBeUndefined();
});
