import { hash } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Grant } from "#gen/koder/session/v1/grant_internal_pb.ts";

/** The claims of an id token (OpenID Connect Core §2); none of profile or e-mail. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly exp: number;
  readonly iat: number;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly at_hash: string;
  readonly sid: string;
  readonly nonce?: string;
  readonly auth_time?: number;
}

/**
 * The id token that goes with an access token, RS256. `nonce` is in the first one only, as the grant has it; `auth_time` in
 * all or none of a grant's, by whether it was asked for. `now` and `lifetime` in milliseconds.
 */
export function idToken(
  { issuer, now, lifetime }: { readonly issuer: string; readonly now: number; readonly lifetime: number },
  grant: Grant,
  accessToken: string,
): IdTokenClaims {
  const iat = Math.floor(now / 1000);
  return {
    iss: issuer,
    sub: grant.userId,
    aud: grant.clientId,
    exp: iat + Math.floor(lifetime / 1000),
    iat,
    acr: grant.acr,
    amr: grant.amr,
    at_hash: leftHalf(hash("sha256", accessToken, "buffer")),
    sid: grant.sessionId,
    ...(grant.nonce === "" ? {} : { nonce: grant.nonce }),
    ...(grant.authTimeRequested && grant.authTime ? { auth_time: Math.floor(timestampMs(grant.authTime) / 1000) } : {}),
  };
}

/** OpenID Connect Core §3.1.3.6. */
const leftHalf = (digest: Buffer): string => digest.subarray(0, digest.length / 2).toString("base64url");
