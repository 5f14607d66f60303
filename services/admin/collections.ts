import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ApiKeySchema } from "#gen/koder/admin/store/v1/api_key_pb.ts";
import { OwnerSchema } from "#gen/koder/admin/store/v1/owner_pb.ts";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { requestRecords } from "../host/idempotency.ts";
import type { Collection } from "../store/store.ts";

/** The tenants of the instance, in the system's own space. */
export const tenants: Collection<typeof TenantSchema> = {
  name: "admin_tenants",
  schema: TenantSchema,
  id: (tenant) => tenant.id,
  unique: {
    slug: { type: "text", value: (tenant) => tenant.slug },
    origin: { type: "text", value: (tenant) => tenant.canonicalOrigin || undefined },
  },
  events: "required",
};

/** API keys of every tenant, in the system's own space: a key is looked up before its tenant is known. */
export const apiKeys: Collection<typeof ApiKeySchema> = {
  name: "admin_api_keys",
  schema: ApiKeySchema,
  id: (key) => key.id,
  unique: { key_hash: { type: "text", value: (key) => key.keyHash } },
  indexes: { tenant_id: { type: "text", value: (key) => key.tenantId } },
  expiresAt: (key) => (key.expireTime ? timestampMs(key.expireTime) : undefined),
  events: "required",
};

/** The one claim on the instance. */
export const owners: Collection<typeof OwnerSchema> = {
  name: "admin_owners",
  schema: OwnerSchema,
  id: (owner) => owner.id,
  events: "required",
};

/** The answer to the bootstrap call, where it carried a request id. */
export const adminRequests = requestRecords("admin");

/** Everything that the admin service stores. */
export const adminCollections: readonly Collection[] = [tenants, apiKeys, owners, adminRequests];
