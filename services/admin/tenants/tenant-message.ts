import { create } from "@bufbuild/protobuf";
import type { Tenant as StoredTenant } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { TenantSchema, type Tenant } from "#gen/koder/admin/v1/tenant_internal_pb.ts";

/** A tenant as the other services see it; the default tenant's origin is the configured public one. */
export function tenantMessage(stored: StoredTenant, publicOrigin: string): Tenant {
  return create(TenantSchema, {
    id: stored.id,
    slug: stored.slug,
    displayName: stored.displayName,
    canonicalOrigin: stored.canonicalOrigin || publicOrigin,
    defaultDomain: stored.defaultDomain,
    active: stored.active,
  });
}
