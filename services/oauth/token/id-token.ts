import { hash } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Grant } from "#gen/koder/session/v1/grant_internal_pb.ts";
import type { Claims } from "../claims/user-claims.ts";
import type { SigningAlg } from "../../vault/signing-key.ts";

/** The claims of an id token (OpenID Connect Core §2); none of profile or e-mail unless `claims` asked for them. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly exp: number;
  readonly iat: number;
  readonly at_hash: string;
  readonly sid: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly nonce?: string;
  readonly auth_time?: number;
}

/** What an id token is issued from: the times in milliseconds, `sub` and `sid` what the person and their session are to the client. */
export interface IdTokenIssue {
  readonly issuer: string;
  readonly now: number;
  readonly lifetime: number;
  readonly sub: string;
  readonly sid: string;
  readonly alg: SigningAlg;
  /** Claims that `claims` asked for by name: they take no other's place. */
  readonly more: Claims;
}

/**
 * The id token that goes with an access token. `nonce` is in the first one only, as the grant has it; `auth_time` in all or
 * none of a grant's, by whether it was asked for. A claim without a value is left out.
 */
export function idToken(
  { issuer, now, lifetime, sub, sid, alg, more }: IdTokenIssue,
  grant: Grant,
  accessToken: string,
): IdTokenClaims {
  const iat = Math.floor(now / 1000);
  return {
    ...more,
    iss: issuer,
    sub,
    aud: grant.clientId,
    exp: iat + Math.floor(lifetime / 1000),
    iat,
    at_hash: leftHalf(hash(hashOf(alg), accessToken, "buffer")),
    sid,
    ...(grant.acr === "" ? {} : { acr: grant.acr }),
    ...(grant.amr.length === 0 ? {} : { amr: grant.amr }),
    ...(grant.nonce === "" ? {} : { nonce: grant.nonce }),
    ...(grant.authTimeRequested && grant.authTime ? { auth_time: Math.floor(timestampMs(grant.authTime) / 1000) } : {}),
  };
}

/** The hash that an algorithm signs by (OpenID Connect Core §3.1.3.6); Ed25519 by SHA-512 (RFC 8032 §5.1). */
const hashOf = (alg: SigningAlg): "sha256" | "sha512" => (alg === "EdDSA" ? "sha512" : "sha256");

const leftHalf = (digest: Buffer): string => digest.subarray(0, digest.length / 2).toString("base64url");
