import { create } from "@bufbuild/protobuf";
import {
  VerifyApiKeyResponseSchema,
  type VerifyApiKeyRequest,
  type VerifyApiKeyResponse,
} from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { apiKeys } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { apiKeyUse } from "./api-key.ts";

/** What an API key may do, read from the store at every use: a deleted or expired key ends at once. */
export function verifyApiKey({ system, vault }: AdminDependencies) {
  return async (request: VerifyApiKeyRequest): Promise<VerifyApiKeyResponse> => {
    const systemVault = await vault.tenant(system.tenantId);
    const stored = await findBySecret(systemVault, apiKeyUse, request.apiKey, (hash) =>
      system.find(apiKeys, "key_hash", hash),
    );
    if (stored === undefined) return create(VerifyApiKeyResponseSchema, { active: false });
    const { id, tenantId, instance, permissions } = stored.record;
    return create(VerifyApiKeyResponseSchema, { active: true, apiKeyId: id, tenantId, instance, permissions });
  };
}
