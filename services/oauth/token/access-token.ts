import { randomUUID } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Grant } from "#gen/koder/session/v1/grant_internal_pb.ts";
import type { Claims } from "../claims/user-claims.ts";
import type { AccessTarget } from "../resource-servers/access-target.ts";

/** The claims of an access token (RFC 9068 §2.2), with our own `tenant_id`, `gid`, `epoch` and `first_party`. */
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
  /** The key whose proof must come with the token (RFC 9449 §6.1). */
  readonly cnf?: { readonly jkt: string };
  /** The grant that the token belongs to; it ends with it. */
  readonly gid?: string;
  /** The client's epoch, where there is no grant. */
  readonly epoch?: number;
  /** In tokens for this server: whether the client may do with the person's account what they may, without a scope for it. */
  readonly first_party?: boolean;
  readonly sid?: string;
  readonly auth_time?: number;
  readonly acr?: string;
  /** What a client acting for itself may do (RFC 9068 §2.2.3.1). */
  readonly roles?: readonly string[];
}

/** What a token is issued from. */
export interface Issue {
  readonly issuer: string;
  readonly tenantId: string;
  readonly target: AccessTarget;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Thumbprint of the key that the token is bound to; empty for a bearer token. */
  readonly dpopJkt: string;
  /** Claims of mappers: they take no other's place. */
  readonly more: Claims;
}

const common = ({ issuer, tenantId, target, now, dpopJkt, more }: Issue) => {
  const iat = Math.floor(now / 1000);
  return {
    ...more,
    iss: issuer,
    aud: target.audience,
    scope: target.scopes.join(" "),
    iat,
    exp: iat + Math.floor(target.lifetime / 1000),
    jti: randomUUID(),
    tenant_id: tenantId,
    ...(dpopJkt === "" ? {} : { cnf: { jkt: dpopJkt } }),
  };
};

/** For a person, by the grant that they gave; `sub` and `sid` are what they and their session are to the client. */
export function personAccessToken(
  issue: Issue,
  grant: Grant,
  { sub, sid, firstParty }: { readonly sub: string; readonly sid: string; readonly firstParty: boolean },
): AccessTokenClaims {
  return {
    ...common(issue),
    ...(issue.target.audience === issue.issuer ? { first_party: firstParty } : {}),
    sub,
    client_id: grant.clientId,
    gid: grant.id,
    sid,
    ...(grant.acr === "" ? {} : { acr: grant.acr }),
    ...(grant.authTime ? { auth_time: Math.floor(timestampMs(grant.authTime) / 1000) } : {}),
  };
}

/** For a client acting for itself: it is its own subject (RFC 9068 §2.2). `roles` are those that its scope lets it say. */
export function clientAccessToken(
  issue: Issue,
  { clientId, epoch }: Pick<Client, "clientId" | "epoch">,
  roles: readonly string[],
): AccessTokenClaims {
  return {
    ...common(issue),
    sub: clientId,
    client_id: clientId,
    epoch: Number(epoch),
    ...(roles.length > 0 ? { roles } : {}),
  };
}
