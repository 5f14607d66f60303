import { create } from "@bufbuild/protobuf";
import type {
  Tenant as StoredTenant,
  TenantSchema as StoredTenantSchema,
} from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { TenantSchema, TenantState, type Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import type { Stored } from "../../store/store.ts";
import { tenantOrigin } from "./tenant-origin.ts";

/** Opaque to callers: the version of the tenant's record. */
export const tenantEtag = (version: number): string => `v${version}`;

/** Where a tenant stands. */
export function tenantState({ active, purgeTime }: Pick<StoredTenant, "active" | "purgeTime">): TenantState {
  if (active) return TenantState.ACTIVE;
  return purgeTime === undefined ? TenantState.SUSPENDED : TenantState.DELETING;
}

/** A tenant as others see it. */
export function tenantMessage({ record, version }: Stored<typeof StoredTenantSchema>, publicOrigin: string): Tenant {
  return create(TenantSchema, {
    id: record.id,
    slug: record.slug,
    displayName: record.displayName,
    canonicalOrigin: tenantOrigin(record, publicOrigin),
    defaultDomain: record.defaultDomain,
    active: record.active,
    state: tenantState(record),
    customDomain: record.customDomain,
    etag: tenantEtag(version),
    ...(record.purgeTime ? { purgeTime: record.purgeTime } : {}),
    ...(record.createTime ? { createTime: record.createTime } : {}),
    ...(record.updateTime ? { updateTime: record.updateTime } : {}),
  });
}
