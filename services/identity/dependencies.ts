import type { Idempotency } from "../host/idempotency.ts";
import type { PageTokens } from "../host/page-token.ts";
import type { Peers } from "../host/peers.ts";
import type { Tenants } from "../host/tenants.ts";
import type { Store } from "../store/store.ts";
import type { AttributeSchemas } from "./attributes/attribute-schemas.ts";
import type { Authorities } from "./roles/authorities.ts";
import type { PurgeSchedule } from "./users/purge-schedule.ts";
import type { PasswordPolicies } from "./passwords/tenant-policy.ts";
import type { PasswordHashing } from "./passwords/password-hashing.ts";

/** What the use cases of the identity service need. */
export interface IdentityDependencies {
  readonly store: Store;
  readonly peers: Peers;
  readonly tenants: Tenants;
  readonly pageTokens: PageTokens;
  readonly idempotency: Idempotency;
  readonly hashing: PasswordHashing;
  readonly authorities: Authorities;
  readonly attributeSchemas: AttributeSchemas;
  readonly passwordPolicies: PasswordPolicies;
  readonly purges: PurgeSchedule;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
