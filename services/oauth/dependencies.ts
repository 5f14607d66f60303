import type { Peers } from "../host/peers.ts";
import type { Idempotency } from "../host/idempotency.ts";
import type { PageTokens } from "../host/page-token.ts";
import type { DpopVerifier } from "../host/dpop/dpop-verifier.ts";
import type { GuardedFetch } from "../host/outbound/guarded-fetch.ts";
import type { Tenants } from "../host/tenants.ts";
import type { Store } from "../store/store.ts";
import type { RotationPolicy } from "../vault/signing-key-ring.ts";
import type { Vault } from "../vault/vault.ts";
import type { ClientKeys } from "./client-authentication/client-keys.ts";
import type { Clients } from "./clients/clients.ts";
import type { ClientLogos } from "./clients/logos/client-logos.ts";
import type { KeyRings } from "./keys/key-rings.ts";
import type { KeySchedule } from "./keys/key-schedule.ts";
import type { OauthPolicies } from "./policy/oauth-policies.ts";
import type { LogoutSchedule } from "./logout/backchannel/logout-schedule.ts";
import type { LogoutAttempt } from "./logout/backchannel/tell-attempts.ts";
import type { SigningKeys } from "./keys/signing-keys.ts";
import type { AccessTargets } from "./resource-servers/access-target.ts";
import type { ResourceServers } from "./resource-servers/resource-servers.ts";
import type { Subjects } from "./subjects/subjects.ts";

/** How long things of the oauth service live, in milliseconds. */
export interface OauthLifetimes {
  readonly accessToken: number;
  readonly idToken: number;
  /** An authorization request that waits for its person. */
  readonly authorization: number;
  /** A request_uri, until a browser comes with it. */
  readonly requestUri: number;
}

/** What counts where nobody has set another length. */
export const defaultOauthLifetimes: OauthLifetimes = {
  accessToken: 900_000,
  idToken: 900_000,
  authorization: 30 * 60_000,
  requestUri: 90_000,
};

/** What the use cases of the oauth service need. */
export interface OauthDependencies {
  readonly store: Store;
  readonly vault: Vault;
  readonly peers: Peers;
  readonly tenants: Tenants;
  readonly pageTokens: PageTokens;
  readonly idempotency: Idempotency;
  /** The clients of every tenant, remembered for a moment. */
  readonly clients: Clients;
  /** The keys that clients sign with, remembered for five minutes where they are at a `jwks_uri`. */
  readonly clientKeys: ClientKeys;
  readonly dpop: DpopVerifier;
  /** The resource servers of every tenant, remembered for a moment. */
  readonly resourceServers: ResourceServers;
  /** What access tokens may be for. */
  readonly accessTargets: AccessTargets;
  /** What people are called towards clients. */
  readonly subjects: Subjects;
  readonly logos: ClientLogos;
  /** What every tenant asks of its clients, remembered for a moment. */
  readonly oauthPolicies: OauthPolicies;
  /** The signing keys of every tenant, opened and remembered for a moment. */
  readonly signingKeys: SigningKeys;
  /** The same keys as they are stored, for those who change them. */
  readonly keyRings: KeyRings;
  readonly keySchedule: KeySchedule;
  /** The only way by which anything is sent to a URL that a client's metadata names. */
  readonly outbound: GuardedFetch;
  readonly rotationPolicy: RotationPolicy;
  /** How long relying parties may keep the key set, in milliseconds. */
  readonly keySetMaxAge: number;
  /** Told of keys that could not be rotated by schedule. */
  readonly onRotationFault: (error: unknown, keys: { readonly tenantId: string; readonly alg: string }) => void;
  /** When clients are to be told of ended sessions. */
  readonly logoutSchedule: LogoutSchedule;
  /** Told of each attempt to tell a client. */
  readonly onLogoutAttempt: (attempt: LogoutAttempt) => void;
  /** Told of what kept us from trying to tell a client. */
  readonly onLogoutFault: (error: unknown, client: { readonly tenantId: string; readonly clientId: string }) => void;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly lifetimes: OauthLifetimes;
}
