import { randomUUID } from "node:crypto";
import type { Grant } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { timestampMs } from "@bufbuild/protobuf/wkt";

/** The claims of an access token (RFC 9068 §2.2), with our own `tenant_id`, `gid` and `epoch`. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  readonly scope: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
  readonly tenant_id: string;
  /** The grant that the token belongs to; it ends with it. */
  readonly gid?: string;
  /** The client's epoch, where there is no grant. */
  readonly epoch?: number;
  readonly sid?: string;
  readonly auth_time?: number;
  readonly acr?: string;
}

interface Issue {
  readonly issuer: string;
  readonly tenantId: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds. */
  readonly lifetime: number;
}

const common = ({ issuer, tenantId, scopes, now, lifetime }: Issue) => {
  const iat = Math.floor(now / 1000);
  return {
    iss: issuer,
    aud: issuer,
    scope: scopes.join(" "),
    iat,
    exp: iat + Math.floor(lifetime / 1000),
    jti: randomUUID(),
    tenant_id: tenantId,
  };
};

/** For a person, by the grant that they gave. */
export function personAccessToken(issue: Issue, grant: Grant): AccessTokenClaims {
  return {
    ...common(issue),
    sub: grant.userId,
    client_id: grant.clientId,
    gid: grant.id,
    sid: grant.sessionId,
    acr: grant.acr,
    ...(grant.authTime ? { auth_time: Math.floor(timestampMs(grant.authTime) / 1000) } : {}),
  };
}

/** For a client acting for itself: it is its own subject (RFC 9068 §2.2). */
export function clientAccessToken(issue: Issue, client: { clientId: string; epoch: bigint }): AccessTokenClaims {
  return { ...common(issue), sub: client.clientId, client_id: client.clientId, epoch: Number(client.epoch) };
}
