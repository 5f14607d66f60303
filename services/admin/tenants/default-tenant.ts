import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { eventOf, type CausingCall } from "../../host/event.ts";
import { Conflict, type Stored, type SystemStore } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { tenants } from "../collections.ts";

/** The slug of the tenant that answers to the bare public origin. */
export const defaultTenantSlug = "default";

/** The default tenant; created, by whichever process is first, when there is none. */
export async function defaultTenant(
  { system, clock }: { readonly system: SystemStore; readonly clock: () => number },
  work: CausingCall,
): Promise<Stored<typeof TenantSchema>> {
  for (;;) {
    const stored = await system.find(tenants, "slug", defaultTenantSlug);
    if (stored !== undefined) return stored;
    const now = clock();
    const record = create(TenantSchema, {
      id: ulid(now),
      slug: defaultTenantSlug,
      displayName: "Koder ID",
      active: true,
      createTime: timestampFromMs(now),
      updateTime: timestampFromMs(now),
    });
    const created = eventOf(
      { ...work, tenantId: system.tenantId },
      now,
      { type: "tenant", id: record.id, version: 1 },
      { case: "tenantCreated", value: { $typeName: "koder.events.v1.TenantCreated", slug: record.slug } },
    );
    try {
      await system.commit([insert(tenants, record)], [created]);
      return { record, version: 1 };
    } catch (error) {
      if (!(error instanceof Conflict)) throw error; // another process was first: read what it made
    }
  }
}
