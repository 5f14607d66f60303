import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetUserinfoResponseSchema,
  type GetUserinfoRequest,
  type GetUserinfoResponse,
} from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { createJwtVerifier, JwtRefused, type JwtClaims } from "../../vault/verify-jwt.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthError, OAuthRefusal } from "../oauth-error.ts";
import { claimsForScopes } from "./userinfo-claims.ts";

const invalid = () => new OAuthRefusal("invalid_token", "the access token is unknown, expired or revoked");

/**
 * The userinfo endpoint (OpenID Connect Core §5.3): the token's signature, then whether it is still good, its scope, and the
 * claims that its scopes allow. No token at all is answered without an error code (RFC 6750 §3.1).
 */
export function getUserinfo(dependencies: OauthDependencies) {
  const { peers, tenants, signingKeys, clock } = dependencies;
  const verifyJwt = createJwtVerifier();

  async function verified(call: Call, token: string): Promise<JwtClaims> {
    const { canonicalOrigin } = await tenants.get(call);
    const expected = { typ: "at+jwt", issuer: canonicalOrigin, audience: canonicalOrigin, now: clock() };
    try {
      return await signingKeys.verify(call, (keys) => verifyJwt(token, keys, expected));
    } catch (error) {
      throw error instanceof JwtRefused ? invalid() : error;
    }
  }

  async function claimsOf(call: Call, token: string) {
    const claims = await verified(call, token);
    const [sub, clientId, grantId] = [text(claims, "sub"), text(claims, "client_id"), text(claims, "gid")];
    const epoch = BigInt(Number(claims["epoch"] ?? 0));
    const { active } = await peers
      .client(RevocationService)
      .checkToken({ clientId, grantId, clientEpoch: epoch, jti: text(claims, "jti") }, forward(call));
    if (!active) throw invalid();
    const scopes = new Set(text(claims, "scope").split(" "));
    if (grantId === "" || !scopes.has("openid")) {
      throw new OAuthRefusal("insufficient_scope", "the access token lacks the scope openid");
    }
    const { user } = await peers.client(CredentialService).getClaims({ userId: sub }, forward(call));
    if (user === undefined) throw invalid();
    return { sub, user: claimsForScopes(user, scopes), scopes: [...scopes] };
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

const text = (claims: JwtClaims, name: string): string => {
  const value = claims[name];
  return typeof value === "string" ? value : "";
};
