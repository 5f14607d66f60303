import type { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import type { Stored, SystemStore } from "../../store/store.ts";
import { tenants } from "../collections.ts";

/** The tenant of an id or slug, as it is stored; undefined where there is none, or only what is left of one (security A30). */
export async function findTenant(
  system: SystemStore,
  idOrSlug: string,
): Promise<Stored<typeof TenantSchema> | undefined> {
  const stored = (await system.get(tenants, idOrSlug)) ?? (await system.find(tenants, "slug", idOrSlug));
  return stored?.record.goneTime === undefined ? stored : undefined;
}
