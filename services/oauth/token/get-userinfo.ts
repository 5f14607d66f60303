import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetUserinfoResponseSchema,
  type GetUserinfoRequest,
  type GetUserinfoResponse,
} from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { readClaims } from "../authorize/claims-request.ts";
import { claimsOfScopes, claimsOfUser } from "../claims/user-claims.ts";
import { mappedClaims, mappersFor } from "../claims/mapped-claims.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthError, OAuthRefusal } from "../oauth-error.ts";
import { textClaim, type AccessTokens } from "./access-tokens.ts";

const invalid = () => new OAuthRefusal("invalid_token", "the access token is unknown, expired or revoked");

/**
 * The userinfo endpoint (OpenID Connect Core §5.3): the token's signature, then whether it is still good, its scope, and the
 * claims that its scopes and `claims` of the authorization request (§5.5) ask for, with those of the client's mappers. No token at all is answered without an error code (RFC 6750 §3.1).
 */
export function getUserinfo({ clients, peers, tenants }: OauthDependencies, accessTokens: AccessTokens) {
  async function claimsOf(call: Call, token: string) {
    const { canonicalOrigin } = await tenants.get(call);
    const claims = await accessTokens.read(call, token, canonicalOrigin);
    if (claims === undefined) throw invalid();
    const { active, userId, claims: claimsRequested } = await accessTokens.check(call, claims);
    if (!active) throw invalid();
    const scopes = new Set(textClaim(claims, "scope").split(" "));
    if (textClaim(claims, "gid") === "" || !scopes.has("openid")) {
      throw new OAuthRefusal("insufficient_scope", "the access token lacks the scope openid");
    }
    const { user } = await peers.client(CredentialService).getClaims({ userId }, forward(call));
    if (user === undefined) throw invalid();
    const asked = [...claimsOfScopes(scopes), ...Object.keys(readClaims(claimsRequested).userinfo ?? {})];
    const client = await clients.get(call, textClaim(claims, "client_id"));
    const mappers = mappersFor(client?.claimMappers ?? [], "inUserinfo", scopes);
    const sub = textClaim(claims, "sub");
    return { claims: { ...mappedClaims(mappers, user), ...claimsOfUser(user, asked), sub } };
  }

  return async ({ accessToken }: GetUserinfoRequest, context: HandlerContext): Promise<GetUserinfoResponse> => {
    if (accessToken === "") {
      return create(GetUserinfoResponseSchema, { outcome: { case: "error", value: oauthError("", "") } });
    }
    try {
      const value = await claimsOf(callOf(context), accessToken);
      return create(GetUserinfoResponseSchema, { outcome: { case: "claims", value } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(GetUserinfoResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}
