import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** RFC 7636 §4.2: the SHA-256 of the verifier, base64url without padding. */
const challengeForm = /^[A-Za-z0-9_-]{43}$/;

/** Every client sends a challenge, and by S256 (security A10); `plain`, which is also the default, is refused. */
export function checkPkce({ codeChallenge, codeChallengeMethod }: AuthorizationParameters): string {
  if (codeChallenge === "") throw new OAuthRefusal("invalid_request", "code_challenge is missing (PKCE, RFC 7636)");
  if (codeChallengeMethod !== "S256") throw new OAuthRefusal("invalid_request", "code_challenge_method must be S256");
  if (!challengeForm.test(codeChallenge)) {
    throw new OAuthRefusal("invalid_request", "code_challenge must be 43 characters of base64url");
  }
  return codeChallenge;
}
