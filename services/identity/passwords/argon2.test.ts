import { describe, expect, test } from "vitest";
import { fastArgon2 } from "../identity-fixture.ts";
import { boundArgon2, defaultArgon2, isWeaker, nobodysPhc, nodeRsArgon2, type Argon2 } from "./argon2.ts";

// Either binary may be missing on a machine; where one is, the other stands alone, and this says so.
const loaded: Argon2[] = [];
for (const load of [nodeRsArgon2, boundArgon2]) {
  try {
    loaded.push(load());
  } catch {
    // no binary for this machine
  }
}

test("an implementation is there", () => {
  expect(loaded.length).toBeGreaterThan(0);
});

describe.each(loaded)("$name", (argon2) => {
  test("makes PHC strings that every implementation verifies", async () => {
    const phc = await argon2.hash("correct horse", fastArgon2);
    expect(phc).toMatch(/^\$argon2id\$v=19\$/);
    for (const other of loaded) {
      expect(await other.verify(phc, "correct horse")).toBe(true);
      expect(await other.verify(phc, "correct horsf")).toBe(false);
    }
  });

  test("its strings are as strong as their parameters say", async () => {
    const phc = await argon2.hash("correct horse", fastArgon2);
    expect(isWeaker(phc, fastArgon2)).toBe(false);
    expect(isWeaker(phc, { ...fastArgon2, memoryCost: 65 })).toBe(true);
    expect(isWeaker(phc, { ...fastArgon2, timeCost: 2 })).toBe(true);
    expect(isWeaker(phc, { ...fastArgon2, parallelism: 2 })).toBe(true);
    expect(isWeaker(await argon2.hash("correct horse", defaultArgon2), fastArgon2)).toBe(false);
  });

  test("verifies against nobody's string, and finds nobody's password", async () => {
    expect(await argon2.verify(nobodysPhc(fastArgon2), "correct horse")).toBe(false);
  });
});

test("nobody's string has the parameters of everybody's", () => {
  expect(isWeaker(nobodysPhc(defaultArgon2), defaultArgon2)).toBe(false);
  expect(nobodysPhc(defaultArgon2)).toContain("$m=19456,t=2,p=1$");
});

test("what is no Argon2id string is weaker than any", () => {
  for (const phc of ["", "$argon2i$v=19$m=19456,t=2,p=1$x$y", "$2b$10$x", "$argon2id$v=16$m=19456,t=2,p=1$x$y"]) {
    expect(isWeaker(phc, fastArgon2)).toBe(true);
  }
});
