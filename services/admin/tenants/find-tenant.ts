import type { Tenant } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import type { SystemStore } from "../../store/store.ts";
import { tenants } from "../collections.ts";

/** The tenant of an id or slug, as it is stored; undefined when there is none. */
export async function findTenant(system: SystemStore, idOrSlug: string): Promise<Tenant | undefined> {
  return ((await system.get(tenants, idOrSlug)) ?? (await system.find(tenants, "slug", idOrSlug)))?.record;
}
