import { RevocationService, type CheckTokenResponse } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { createJwtVerifier, JwtRefused, type JwtClaims } from "../../vault/verify-jwt.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** The access tokens that this server gave. */
export interface AccessTokens {
  /**
   * The claims of a token that a key of the tenant signed as an access token, and that has not expired; undefined for
   * anything else. Whom it is for, and whether it was revoked, is not asked.
   */
  read(call: Call, token: string): Promise<JwtClaims | undefined>;
  /** Whether a token that was read is still good (docs/architecture.md, one rule): asked at every use; and whose it is. */
  check(call: Call, claims: JwtClaims): Promise<CheckTokenResponse>;
}

/** Verifies access tokens for the endpoints that take them. A good signature is remembered, a verdict never. */
export function createAccessTokens({
  peers,
  tenants,
  signingKeys,
  clock,
}: Pick<OauthDependencies, "peers" | "tenants" | "signingKeys" | "clock">): AccessTokens {
  const verifyJwt = createJwtVerifier();
  return {
    async read(call, token) {
      const { canonicalOrigin: issuer } = await tenants.get(call);
      const expected = { typ: "at+jwt", issuer, now: clock() };
      try {
        const claims = await signingKeys.verify(call, (keys) => verifyJwt(token, keys, expected));
        return claims["tenant_id"] === call.tenantId ? claims : undefined;
      } catch (error) {
        if (error instanceof JwtRefused) return undefined;
        throw error;
      }
    },
    check: (call, claims) =>
      peers.client(RevocationService).checkToken(
        {
          clientId: textClaim(claims, "client_id"),
          grantId: textClaim(claims, "gid"),
          clientEpoch: BigInt(numberClaim(claims, "epoch") ?? 0),
          jti: textClaim(claims, "jti"),
        },
        forward(call),
      ),
  };
}

/** A claim that is a text; empty where there is none. */
export function textClaim(claims: JwtClaims, name: string): string {
  const value = claims[name];
  return typeof value === "string" ? value : "";
}

/** A claim that is a number. */
function numberClaim(claims: JwtClaims, name: string): number | undefined {
  const value = claims[name];
  return typeof value === "number" ? value : undefined;
}
