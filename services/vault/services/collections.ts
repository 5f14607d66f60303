import { TenantKeySchema } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import type { Collection } from "../store/store.ts";

/** The wrapped data keys of every tenant, in the system's own space, under `<tenant>/<version>`. */
export const vaultTenantKeys: Collection<typeof TenantKeySchema> = {
  name: "vault_tenant_keys",
  schema: TenantKeySchema,
  id: (key) => `${key.tenantId}/${key.version}`,
  indexes: { tenant_id: { type: "text", value: (key) => key.tenantId } },
  events: "none",
};
