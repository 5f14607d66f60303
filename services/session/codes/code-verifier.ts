import { hash } from "node:crypto";
import { timingSafeEqualText } from "../../vault/random.ts";

/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
const verifierForm = /^[A-Za-z0-9._~-]{43,128}$/;

/**
 * Whether a verifier fits the challenge of the code (RFC 7636 §4.6, S256 only). A code without a challenge takes no
 * verifier: one that comes all the same is a sign of a downgrade (RFC 9700 §4.8.2).
 */
export function verifierFits(codeChallenge: string, codeVerifier: string): boolean {
  if (codeChallenge === "") return codeVerifier === "";
  if (!verifierForm.test(codeVerifier)) return false;
  return timingSafeEqualText(hash("sha256", codeVerifier, "base64url"), codeChallenge);
}
