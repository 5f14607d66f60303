import type { Peers } from "../host/peers.ts";
import type { Idempotency } from "../host/idempotency.ts";
import type { PageTokens } from "../host/page-token.ts";
import type { Tenants } from "../host/tenants.ts";
import type { Store } from "../store/store.ts";
import type { Vault } from "../vault/vault.ts";
import type { Clients } from "./clients/clients.ts";
import type { SigningKeys } from "./keys/signing-keys.ts";

/** How long things of the oauth service live, in milliseconds. */
export interface OauthLifetimes {
  readonly accessToken: number;
  readonly idToken: number;
  /** An authorization request that waits for its person. */
  readonly authorization: number;
}

/** koder.md's figures. */
export const defaultOauthLifetimes: OauthLifetimes = {
  accessToken: 900_000,
  idToken: 900_000,
  authorization: 30 * 60_000,
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
  /** The signing keys of every tenant, opened and remembered for a moment. */
  readonly signingKeys: SigningKeys;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly lifetimes: OauthLifetimes;
}
