import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { Call } from "../../host/call.ts";
import type { Store } from "../../store/store.ts";
import { clients } from "../collections.ts";
import { withDefaults } from "./metadata/client-defaults.ts";

/** The clients of every tenant, each remembered for at most five seconds. Deleted and disabled ones are not there. */
export interface Clients {
  get(call: Pick<Call, "tenantId">, clientId: string): Promise<Client | undefined>;
  /** As the store has it now, for what would outlive a change that was not heard of yet. */
  current(call: Pick<Call, "tenantId">, clientId: string): Promise<Client | undefined>;
  /** Whether the store has it now. */
  isThere(call: Pick<Call, "tenantId">, clientId: string): Promise<boolean>;
  /** Looks at the store the next time: the client was changed here. */
  readonly forget: (tenantId: string, clientId: string) => void;
}

const bounds = { maxEntries: 10_000, ttl: 5_000 };
/** Whatever else a request names is no client's id, and is not looked for. */
const idForm = /^[A-Za-z0-9._~-]{1,100}$/;

/** A client that is there and enabled, and the version of its record. */
interface Kept {
  readonly client: Client;
  readonly version: number;
}

/** Clients over a bounded cache. What it gives is shared: it must not be changed. `clock` in milliseconds. */
export function createClients({ store, clock }: { readonly store: Store; readonly clock: () => number }): Clients {
  const cache = createBoundedCache<Kept | undefined>({ ...bounds, clock });
  // Tenant ids have no slash, so that the key is unambiguous.
  const keyOf = (tenantId: string, clientId: string) => `${tenantId}/${clientId}`;
  async function read(tenantId: string, clientId: string): Promise<Kept | undefined> {
    const stored = await store.tenant(tenantId).get(clients, clientId);
    if (stored === undefined || stored.record.deleteTime || stored.record.disabled) return undefined;
    return { client: withDefaults(stored.record), version: stored.version };
  }
  const remembered = (tenantId: string, clientId: string): Promise<Kept | undefined> =>
    cache.get(keyOf(tenantId, clientId), () => read(tenantId, clientId));
  return {
    async get({ tenantId }, clientId) {
      if (!idForm.test(clientId)) return undefined;
      return (await remembered(tenantId, clientId))?.client;
    },
    async current({ tenantId }, clientId) {
      return idForm.test(clientId) ? (await read(tenantId, clientId))?.client : undefined;
    },
    async isThere({ tenantId }, clientId) {
      if (!idForm.test(clientId)) return false;
      const [known, version] = await Promise.all([
        remembered(tenantId, clientId),
        store.tenant(tenantId).version(clients, clientId),
      ]);
      // An id is never given again, so that a version says which client it is, too.
      return version !== undefined && (version === known?.version || (await read(tenantId, clientId)) !== undefined);
    },
    forget: (tenantId, clientId) => cache.delete(keyOf(tenantId, clientId)),
  };
}
