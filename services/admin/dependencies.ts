import type { Idempotency } from "../host/idempotency.ts";
import type { PageTokens } from "../host/page-token.ts";
import type { Peers } from "../host/peers.ts";
import type { Store, SystemStore } from "../store/store.ts";
import type { Vault } from "../vault/vault.ts";
import type { ToldEvents } from "./events/told-events.ts";
import type { MissingProof } from "./tenants/domains/recheck-domains.ts";
import type { ResolveTxt } from "./tenants/domains/resolve-txt.ts";

/** The state of one part of the instance: why it does not serve, or undefined when it does. */
export interface ComponentState {
  readonly name: string;
  readonly fault: string | undefined;
}

/** What the use cases of the admin service need. */
export interface AdminDependencies {
  readonly store: Store;
  readonly system: SystemStore;
  readonly vault: Vault;
  readonly peers: Peers;
  /** Over the system's own space. */
  readonly idempotency: Idempotency;
  /** Over the space of the tenant of a call. */
  readonly tenantIdempotency: Idempotency;
  readonly pageTokens: PageTokens;
  /** Those who watch events in this process. */
  readonly toldEvents: ToldEvents;
  /** Asks the name servers for the proofs of domains. */
  readonly resolveTxt: ResolveTxt;
  /** How long a tenant that was deleted can be resumed, in milliseconds: longer than any call, so that none writes behind it. */
  readonly tenantGrace: number;
  /** Destroys a tenant's key, then removes up to `limit` of its records, whatever service has them; answers how many. */
  readonly eraseTenant: (tenantId: string, limit: number) => Promise<number>;
  /** Told of a tenant for whom something that is due could not be done just now. */
  readonly onTenantFault: (error: unknown, tenantId: string) => void;
  /** Told of a domain whose proof is not there: from the third day on its tenant does not answer there. */
  readonly onProofMissing: (missing: MissingProof) => void;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Origin of the default tenant: `scheme://host[:port]`. Known once the gateway listens. */
  readonly publicOrigin: () => string;
  /** What `POST /v1/admin/bootstrap` must show; undefined: it is closed. */
  readonly bootstrapToken: string | undefined;
  /** Asks every part of the instance how it is. */
  readonly componentStates: () => Promise<readonly ComponentState[]>;
  /** Version of the program. */
  readonly version: string;
}
