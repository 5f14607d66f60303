import { create } from "@bufbuild/protobuf";
import {
  VerifyApiKeyResponseSchema,
  type VerifyApiKeyRequest,
  type VerifyApiKeyResponse,
} from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { apiKeys } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { findTenant } from "../tenants/find-tenant.ts";
import { apiKeyUse, claimedTenant } from "./api-key.ts";
import { noteUse } from "./note-use.ts";

/** What an API key may do, read from the store at every use: a deleted or expired key ends at once. */
export function verifyApiKey(dependencies: AdminDependencies) {
  const { store, system, vault } = dependencies;
  const note = noteUse(dependencies);
  return async ({ apiKey }: VerifyApiKeyRequest): Promise<VerifyApiKeyResponse> => {
    const inactive = create(VerifyApiKeyResponseSchema, { active: false });
    const claimed = claimedTenant(apiKey);
    // Whoever makes up the id of a tenant, or knows that of one which is gone, makes it no keys.
    if (claimed !== undefined && (await findTenant(system, claimed)) === undefined) return inactive;
    const data = claimed === undefined ? system : store.tenant(claimed);
    const keys = await vault.tenant(data.tenantId);
    const stored = await findBySecret(keys, apiKeyUse, apiKey, (hash) => data.find(apiKeys, "key_hash", hash));
    if (stored === undefined) return inactive;
    const { id, tenantId, instance, permissions, expireTime } = stored.record;
    await note(data, id, expireTime);
    return create(VerifyApiKeyResponseSchema, { active: true, apiKeyId: id, tenantId, instance, permissions });
  };
}
