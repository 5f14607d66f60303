import { sessionSchedules } from "../session/collections.ts";
import { commitUnlessChanged } from "../store/commit-unless-changed.ts";
import type { Store } from "../store/store.ts";
import { remove } from "../store/writes.ts";
import { vaultTenantKeys } from "../vault/collections.ts";

/** Versions of a tenant's key. */
const most = 1_000;

/**
 * Removes what a tenant has, up to `limit` records at a time; answers how many. Its data keys are destroyed first: without them
 * nothing that was sealed can be read, in whatever copy of the store. Of what stands in the system's space, a
 * schedule that is not removed here ends by itself, when whoever looks finds nothing there.
 */
export function createTenantEraser(store: Store): (tenantId: string, limit: number) => Promise<number> {
  const system = store.system();
  return async (tenantId, limit) => {
    const query = { index: "tenant_id", equals: tenantId, limit: most } as const;
    const { items: keys } = await system.page(vaultTenantKeys, query);
    if (keys.length > 0)
      await system.commit(
        keys.map((key) => remove(vaultTenantKeys, key)),
        [],
      );
    const schedule = await system.get(sessionSchedules, tenantId);
    if (schedule !== undefined) await commitUnlessChanged(system, [remove(sessionSchedules, schedule)]);
    return store.tenant(tenantId).deleteRange("everything", limit);
  };
}
