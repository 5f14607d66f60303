import { hash, timingSafeEqual } from "node:crypto";

/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
const verifierForm = /^[A-Za-z0-9._~-]{43,128}$/;

/**
 * Whether a verifier fits the challenge of the code (RFC 7636 §4.6, S256 only). A code without a challenge takes no
 * verifier: one that comes all the same is a sign of a downgrade (RFC 9700 §4.8.2).
 */
export function verifierFits(codeChallenge: string, codeVerifier: string): boolean {
  if (codeChallenge === "") return codeVerifier === "";
  if (!verifierForm.test(codeVerifier)) return false;
  const derived = Buffer.from(hash("sha256", codeVerifier, "base64url"), "ascii");
  const expected = Buffer.from(codeChallenge, "ascii");
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}
