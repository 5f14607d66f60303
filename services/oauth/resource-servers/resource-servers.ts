import type { ResourceServer } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { Call } from "../../host/call.ts";
import type { Store } from "../../store/store.ts";
import { resourceServers } from "../collections.ts";

/** As many as a tenant may have: they are read, and remembered, all at once. */
export const mostResourceServers = 200;

/** The resource servers of every tenant, each tenant's remembered for at most five seconds. */
export interface ResourceServers {
  /** Those of a tenant by identifier. What it gives is shared: it must not be changed. */
  of(call: Pick<Call, "tenantId">): Promise<ReadonlyMap<string, ResourceServer>>;
  /** Looks at the store the next time: one of the tenant's was changed. */
  readonly forget: (tenantId: string) => void;
}

const remembered = { maxEntries: 2_000, ttl: 5_000 };
/** A little more than the limit: of creations at the same moment, one may go beyond it. */
const mostRead = mostResourceServers + 100;

/**
 * Resource servers over a bounded cache. A tenant's are remembered together, also that there are none: so that whoever has
 * none pays nothing for them. `clock` in milliseconds.
 */
export function createResourceServers({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: () => number;
}): ResourceServers {
  const cache = createBoundedCache<ReadonlyMap<string, ResourceServer>>({ ...remembered, clock });
  return {
    of: ({ tenantId }) =>
      cache.get(tenantId, async () => {
        const { items } = await store.tenant(tenantId).page(resourceServers, { index: "id", limit: mostRead });
        return new Map(items.map(({ record }) => [record.identifier, record]));
      }),
    forget: (tenantId) => cache.delete(tenantId),
  };
}
