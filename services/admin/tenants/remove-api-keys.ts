import { create } from "@bufbuild/protobuf";
import { ApiKeySchema } from "#gen/koder/admin/store/v1/api_key_pb.ts";
import type { Tenant } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { eventOf, type CausingCall } from "../../host/event.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { SystemStore } from "../../store/store.ts";
import { remove, replace } from "../../store/writes.ts";
import { apiKeys } from "../collections.ts";
import { defaultTenant } from "./default-tenant.ts";

/** Keys in one look. */
const batch = 200;

/**
 * Removes the API keys of a tenant that is gone: they open nothing any more as it is. One that reaches the instance, and was made there by an
 * earlier version, is the default tenant's from then on.
 */
export async function removeApiKeys(
  system: SystemStore,
  call: CausingCall,
  now: number,
  { id: tenantId, slug }: Pick<Tenant, "id" | "slug">,
): Promise<void> {
  const query = { index: "tenant_id", equals: tenantId, limit: batch } as const;
  for (
    let { items } = await system.page(apiKeys, query);
    items.length > 0;
    { items } = await system.page(apiKeys, query)
  ) {
    for (const stored of items) {
      const resource = { type: "api_key", id: stored.record.id, version: stored.version + 1 };
      const value = { $typeName: "koder.events.v1.TenantPurged", slug } as const;
      const event = eventOf({ ...call, tenantId: system.tenantId }, now, resource, { case: "tenantPurged", value });
      const { record, version } = stored;
      const kept = record.instance ? await defaultTenant({ system, clock: () => now }, call) : undefined;
      const write =
        kept === undefined
          ? remove(apiKeys, stored)
          : replace(apiKeys, create(ApiKeySchema, { ...record, tenantId: kept.record.id }), version);
      await commitUnlessChanged(system, [write], [event]);
    }
  }
}
