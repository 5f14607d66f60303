import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { ownWork } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { tenants } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { removeApiKeys } from "./remove-api-keys.ts";
import { giveUpDomains } from "./domains/give-up-domains.ts";
import { tenantEvent } from "./tenant-events.ts";

/** Between two looks for tenants whose grace is over, and until one is tried again that failed, in milliseconds. */
const [pause, afterFailure] = [10_000, 60_000];
/** Records in one step: small, so that nobody waits for it. */
const batch = 500;

type Needs = Pick<AdminDependencies, "system" | "eraseTenant" | "onTenantFault" | "clock">;

/**
 * One step of deleting tenants for good: answers how long to wait. First a tenant becomes a tombstone, from which nobody brings
 * it back and which keeps its slug from ever being given again (security A30). Then its key is destroyed, so that what was sealed
 * by it is closed in this store; then its records are removed. A copy of the store from before has the key still, wrapped by the
 * master key of then. A crash in between leaves its `purge_time`, by which it is found again.
 */
export function purgeDueTenants({ system, eraseTenant, onTenantFault, clock }: Needs): () => Promise<number> {
  async function purge({ record, version }: Stored<typeof TenantSchema>): Promise<void> {
    const now = clock();
    const { id, slug } = record;
    const call = ownWork({ service: "admin", tenantId: id, requestId: ulid(now), deadline: now + afterFailure });
    if (record.goneTime === undefined) {
      const gone = create(TenantSchema, { ...record, goneTime: timestampFromMs(now) });
      const value = { $typeName: "koder.events.v1.TenantPurged", slug } as const;
      const purged = tenantEvent(system, call, now, { id, version: version + 1 }, { case: "tenantPurged", value });
      // Resumed at this moment: then it stays. Its records are removed by the next step.
      await commitUnlessChanged(system, [replace(tenants, gone, version)], [purged]);
      return;
    }
    await giveUpDomains(system, call, now, id);
    await removeApiKeys(system, call, now, record);
    for (let isMore = true; isMore;) isMore = (await eraseTenant(id, batch)) > 0;
    const { goneTime, createTime } = record;
    const tombstone = create(TenantSchema, { id, slug, goneTime, ...(createTime ? { createTime } : {}) });
    const done = tenantEvent(
      system,
      call,
      now,
      { id, version: version + 1 },
      { case: "tenantUpdated", value: { $typeName: "koder.events.v1.TenantUpdated", paths: ["purge_time"] } },
    );
    await commitUnlessChanged(system, [replace(tenants, tombstone, version)], [done]);
  }

  return async () => {
    const { items } = await system.page(tenants, { index: "purge_time", range: { to: clock() + 1 }, limit: 10 });
    let failed = false;
    for (const stored of items) {
      try {
        await purge(stored);
      } catch (error) {
        onTenantFault(error, stored.record.id);
        failed = true;
      }
    }
    if (failed) return afterFailure;
    return items.length > 0 ? 0 : pause;
  };
}
