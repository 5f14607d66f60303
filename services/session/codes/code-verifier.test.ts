import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifierFits } from "./code-verifier.ts";

const challengeOf = (verifier: string) => createHash("sha256").update(verifier).digest("base64url");

describe("A10: PKCE", () => {
  test("the example of RFC 7636 appendix B", () => {
    expect(
      verifierFits("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ).toBe(true);
  });
  test("another verifier, the challenge itself, or none does not fit", () => {
    const verifier = randomBytes(32).toString("base64url");
    const challenge = challengeOf(verifier);
    for (const other of [randomBytes(32).toString("base64url"), challenge, "", `${verifier}a`, verifier.slice(1)]) {
      expect(verifierFits(challenge, other)).toBe(false);
    }
  });
  test("a verifier without a challenge is refused", () => {
    expect(verifierFits("", randomBytes(32).toString("base64url"))).toBe(false);
    expect(verifierFits("", "")).toBe(true);
  });
  test("a verifier of a form that the standard does not have never fits, even by its digest", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (verifier) => {
        const wellFormed = /^[A-Za-z0-9._~-]{43,128}$/.test(verifier);
        expect(verifierFits(challengeOf(verifier), verifier)).toBe(wellFormed);
      }),
    );
  });
});
