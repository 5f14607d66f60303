import { Code, ConnectError } from "@connectrpc/connect";
import { ApiKeyVerificationService } from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import type { LogEntry } from "../../store/store.ts";
import { createJwtVerifier, JwtRefused, longestToken, type JwtClaims } from "../../vault/verify-jwt.ts";
import { accountScopes, accountScopesOfHouse } from "../account-scopes.ts";
import { forward, type Caller, type Outbound } from "../call.ts";
import { dpopChallenge } from "../challenges.ts";
import { hasPossession, type PresentedToken } from "../dpop/check-possession.ts";
import { DpopRefused } from "../dpop/dpop-refused.ts";
import type { DpopVerifier } from "../dpop/dpop-verifier.ts";
import { failure } from "../failure.ts";
import { everyPermission } from "../held-permissions.ts";
import type { Peers } from "../peers.ts";
import type { Tenants } from "../tenants.ts";
import { createTenantKeys } from "./tenant-keys.ts";

/** A credential that was proven good, and whose it is. */
export interface Credential {
  readonly tenantId: string;
  readonly caller: Extract<Caller, { kind: "user" | "client" }>;
}

/** How a credential came: the DPoP header, empty when there was none, and method and path of the HTTP request. */
export interface Presentation {
  readonly proof: string;
  readonly method: string;
  readonly path: string;
  /** Whether the same presentation was good before, in a call that goes on: a proof of possession is good once. */
  readonly isAgain?: boolean;
}

/** Proves bearer credentials, and access tokens that are bound to a key. */
export interface CredentialVerifier {
  /** Verifies an `Authorization` header. Throws CREDENTIAL_INVALID for whatever is not good now. */
  verify(authorization: string, work: Outbound, presentation: Presentation): Promise<Credential>;
}

/** One that remembers the keys of tenants for a moment. */
export interface RememberingVerifier extends CredentialVerifier {
  /** Forgets what an event changed. */
  readonly forget: (entry: LogEntry) => void;
}

const refused = (message = "the credential is unknown, expired, revoked or not meant for this API") =>
  failure(ErrorReason.CREDENTIAL_INVALID, message);

/** More than an API key has, and the most that the service which knows them reads. */
const longestApiKey = 256;

/**
 * Verifies API keys (`kak_…`), personal access tokens (`kpat_…`) and access tokens of our own. A good signature is remembered, whether the token is still good
 * never: that is asked at every use (docs/architecture.md, one rule).
 */
export function createCredentialVerifier({
  peers,
  tenants,
  dpop,
  clock,
}: {
  readonly peers: Peers;
  readonly tenants: Tenants;
  readonly dpop: DpopVerifier;
  readonly clock: () => number;
}): RememberingVerifier {
  const verifyJwt = createJwtVerifier();
  const tenantKeys = createTenantKeys({ peers, clock });

  /** A credential is good in a tenant that serves; while the directory is away nobody can say that it is bad. */
  async function servingTenant(work: Outbound, id: string): Promise<Tenant> {
    try {
      return await tenants.lookup(work, id);
    } catch (error) {
      throw error instanceof ConnectError && error.code === Code.NotFound ? refused() : error;
    }
  }

  async function apiKey(key: string, work: Outbound): Promise<Credential> {
    if (key.length > longestApiKey) throw refused();
    const answer = await peers.client(ApiKeyVerificationService).verifyApiKey({ apiKey: key }, forward(work));
    if (!answer.active) throw refused();
    // One that reaches the instance is the default tenant's, wherever it was made: to suspend another is not the end of it.
    const tenant = await servingTenant(work, answer.instance ? "" : answer.tenantId);
    return {
      tenantId: tenant.id,
      caller: {
        kind: "client",
        clientId: undefined,
        apiKeyId: answer.apiKeyId,
        permissions: new Set(answer.permissions),
        instance: answer.instance,
      },
    };
  }

  async function personalAccessToken(token: string, work: Outbound): Promise<Credential> {
    if (token.length > longestApiKey) throw refused();
    const service = peers.client(ApiKeyVerificationService);
    const { active, tenantId, userId, scopes } = await service.verifyPersonalAccessToken({ token }, forward(work));
    if (!active) throw refused();
    const tenant = await servingTenant(work, tenantId);
    const inTenant = forward({ ...work, tenantId: tenant.id });
    const authority = await peers.client(CredentialService).getAuthority({ userId }, inTenant);
    if (!authority.active) throw refused();
    const { permissions, instance } = authority;
    return {
      tenantId: tenant.id,
      // Nobody signed in just now: what asks for a fresh sign-in, or for a session, is not for it.
      caller: {
        kind: "user",
        userId,
        clientId: "",
        sessionId: "",
        // Whoever made it gave it their account.
        scopes: new Set([...scopes, ...accountScopes]),
        permissions: new Set(permissions),
        instance,
        authTime: 0,
      },
    };
  }

  async function accessToken(token: string, scheme: string, work: Outbound, came: Presentation): Promise<Credential> {
    const claimed = claimedTenant(token);
    if (claimed === undefined) throw refused();
    const tenant = await servingTenant(work, claimed);
    const inTenant = { ...work, tenantId: tenant.id };
    const expected = {
      typ: "at+jwt",
      issuer: tenant.canonicalOrigin,
      audience: tenant.canonicalOrigin,
      now: clock(),
    };
    const claims = await tenantKeys
      .verify(inTenant, (keys) => verifyJwt(token, keys, expected))
      .catch((error: unknown) => {
        throw error instanceof JwtRefused ? refused() : error;
      });
    if (claims["tenant_id"] !== tenant.id) throw refused();
    const clientId = text(claims, "client_id");
    const grantId = text(claims, "gid");
    const clientEpoch = BigInt(Number(claims["epoch"] ?? 0));
    const { active, userId, sessionId } = await peers
      .client(RevocationService)
      .checkToken({ clientId, grantId, clientEpoch, jti: text(claims, "jti") }, forward(inTenant));
    if (!active) throw refused();
    const { proof, method, path } = came;
    const presented = { accessToken: token, scheme, proof, method, url: `${tenant.canonicalOrigin}${path}` };
    if (came.isAgain !== true) await checkPossession(dpop, inTenant, claims, presented);
    if (grantId === "") {
      const held = await peers.client(CredentialService).getAuthority({ clientId }, forward(inTenant));
      const permissions = withinScope(held.permissions, text(claims, "scope"));
      const caller = { kind: "client", clientId, apiKeyId: undefined, permissions, instance: false } as const;
      return { tenantId: tenant.id, caller };
    }
    const authority = await peers.client(CredentialService).getAuthority({ userId }, forward(inTenant));
    const { permissions, instance } = authority;
    const firstParty = claims["first_party"] === true;
    return {
      tenantId: tenant.id,
      caller: {
        kind: "user",
        userId,
        clientId,
        firstParty,
        // A session service of before told of no session, when every client had its id.
        sessionId: sessionId || text(claims, "sid"),
        scopes: new Set([...text(claims, "scope").split(" "), ...(firstParty ? accountScopesOfHouse(authority) : [])]),
        permissions: new Set(permissions),
        instance,
        authTime: Number(claims["auth_time"] ?? 0),
      },
    };
  }

  return {
    forget: tenantKeys.forget,
    async verify(authorization, work, presentation) {
      const [, sent = "", token] = /^(Bearer|DPoP) +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization) ?? [];
      if (token === undefined || token.length > longestToken)
        throw refused("send the credential as Authorization: Bearer …");
      const scheme = sent.toLowerCase();
      if (scheme === "bearer" && token.startsWith("kak_")) return apiKey(token, work);
      if (scheme === "bearer" && token.startsWith("kpat_")) return personalAccessToken(token, work);
      return accessToken(token, scheme, work, presentation);
    },
  };
}

/** Throws CREDENTIAL_INVALID, in the words of RFC 9449 §7.1, where whoever presents a token may not use it. */
async function checkPossession(
  dpop: DpopVerifier,
  work: Outbound,
  claims: JwtClaims,
  presented: PresentedToken,
): Promise<void> {
  try {
    if (await hasPossession(dpop, work, claims, presented)) return;
  } catch (error) {
    if (!(error instanceof DpopRefused)) throw error;
    const answer = refused(error.message);
    answer.metadata.set("www-authenticate", `${dpopChallenge}, error="${error.fault}"`);
    answer.metadata.set("dpop-nonce", await dpop.nonce(work));
    throw answer;
  }
  throw presented.scheme === "dpop"
    ? refused("the access token is bound to no key: send it as Authorization: Bearer …")
    : refused("the access token is bound to a key: send it as Authorization: DPoP …, with a proof");
}

/** What a client that acts for itself may do with a token: what its roles permit and its scope names. */
function withinScope(permissions: readonly string[], scope: string): ReadonlySet<string> {
  const held = new Set(permissions);
  return new Set(scope.split(" ").filter((token) => held.has(token) || held.has(everyPermission)));
}

const text = (claims: JwtClaims, name: string): string => {
  const value = claims[name];
  return typeof value === "string" ? value : "";
};

/** The tenant that a token says it is of: which keys to verify it with, nothing more. */
function claimedTenant(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const claimed = (claims as { tenant_id?: unknown } | null)?.tenant_id;
    // Ids only: an empty one would be the default tenant.
    return typeof claimed === "string" && /^[0-9A-Z]{26}$/.test(claimed) ? claimed : undefined;
  } catch {
    return undefined; // no JSON: no token of ours
  }
}
