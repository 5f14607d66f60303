import { expect, test } from "vitest";
import { hashedRecoveryCode, newRecoveryCode } from "./recovery-code.ts";

test("codes are random, and as people type them", () => {
  const codes = Array.from({ length: 500 }, newRecoveryCode);
  expect(new Set(codes).size).toBe(500);
  for (const code of codes) {
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    const hashed = hashedRecoveryCode("u", code);
    expect(hashed).toBe(`u/${code.replace("-", "")}`);
    const spellings = [code.toLowerCase(), code.replace("-", ""), ` ${code.replace("-", " ")} `];
    spellings.push(code.replaceAll("0", "o").replaceAll("1", "l"), code.replaceAll("1", "I"));
    // Out of a document that set its hyphens for it, or was copied with signs that nobody sees.
    spellings.push(code.replace("-", "\u2011"), code.replace("-", "\u2013"), `\u2068${code}\u2069`);
    for (const spelling of spellings) expect(hashedRecoveryCode("u", spelling)).toBe(hashed);
  }
});

test("whatever else is no code", () => {
  for (const typed of ["", "ABCDE", "ABCDE-FGHJKM", "ABCDE-FGHJU", "ABCDE-FGHJ\0", "ABCDE/FGHJK"]) {
    expect(hashedRecoveryCode("u", typed)).toBeUndefined();
  }
});
