import { GrantRefusal, GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { grantRefused } from "./grant-refused.ts";
import { mintRedeemed, redemptionTerms } from "./redemption.ts";
import type { GrantHandler } from "./token-request.ts";

/** `grant_type=authorization_code` (RFC 6749 §4.1.3): the session service redeems the code, we mint what it gave. */
export function authorizationCodeGrant(dependencies: OauthDependencies): GrantHandler {
  return async (request) => {
    const { code, redirectUri, codeVerifier } = request.parameters;
    if (code === "") throw new OAuthRefusal("invalid_request", "code is missing");
    if (redirectUri === "") throw new OAuthRefusal("invalid_request", "redirect_uri is missing");
    const terms = await redemptionTerms(dependencies, request);
    const { outcome } = await dependencies.peers
      .client(GrantService)
      .redeemCode({ code, redirectUri, codeVerifier, ...terms }, forward(request.call));
    if (outcome.case !== "redeemed") {
      throw grantRefused("code", outcome.case === "refusal" ? outcome.value : GrantRefusal.UNSPECIFIED);
    }
    return mintRedeemed(dependencies, request, outcome.value, terms.resource);
  };
}
