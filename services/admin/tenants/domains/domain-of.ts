import type { TenantDomainSchema } from "#gen/koder/admin/store/v1/tenant_domain_pb.ts";
import type { Stored, SystemStore } from "../../../store/store.ts";
import { tenantDomains } from "../../collections.ts";

/** A domain of a tenant; undefined where they do not have it, or have given it up. */
export async function domainOf(
  system: SystemStore,
  tenantId: string,
  domain: string,
): Promise<Stored<typeof TenantDomainSchema> | undefined> {
  const stored = await system.get(tenantDomains, `${tenantId}/${domain}`);
  return stored?.record.removeTime === undefined ? stored : undefined;
}

/** The most that a tenant has. */
export const mostDomains = 50;

/** Every domain that a tenant has or had. */
export async function domainsOf(
  system: SystemStore,
  tenantId: string,
): Promise<readonly Stored<typeof TenantDomainSchema>[]> {
  const { items } = await system.page(tenantDomains, { index: "tenant_id", equals: tenantId, limit: 1_000 });
  return items;
}
