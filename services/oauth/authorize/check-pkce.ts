import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { OauthPolicy } from "../policy/oauth-policies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** RFC 7636 §4.2: the SHA-256 of the verifier, base64url without padding. */
const challengeForm = /^[A-Za-z0-9_-]{43}$/;

/**
 * The challenge, by S256 (security A10); `plain`, which is also the default, is refused. A public client always sends one, a
 * confidential one unless that was lifted, for it or for those of the tenant that say nothing else; what was sent holds for
 * the code in any case.
 */
export function checkPkce(
  client: Client,
  policy: Pick<OauthPolicy, "requirePkceOfConfidentialClients">,
  { codeChallenge, codeChallengeMethod }: AuthorizationParameters,
): string {
  if (codeChallenge === "") {
    if (codeChallengeMethod !== "" || isPkceRequired(client, policy)) {
      throw new OAuthRefusal("invalid_request", "code_challenge is missing (PKCE, RFC 7636)");
    }
    return "";
  }
  if (codeChallengeMethod !== "S256") throw new OAuthRefusal("invalid_request", "code_challenge_method must be S256");
  if (!challengeForm.test(codeChallenge)) {
    throw new OAuthRefusal("invalid_request", "code_challenge must be 43 characters of base64url");
  }
  return codeChallenge;
}

const isPkceRequired = (
  { tokenEndpointAuthMethod, requirePkce }: Client,
  { requirePkceOfConfidentialClients }: Pick<OauthPolicy, "requirePkceOfConfidentialClients">,
): boolean => tokenEndpointAuthMethod === "none" || (requirePkce ?? requirePkceOfConfidentialClients);
