import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ApiKey as StoredApiKey } from "#gen/koder/admin/store/v1/api_key_pb.ts";
import { ApiKeyAuthority, ApiKeySchema, type ApiKey } from "#gen/koder/admin/v1/api_key_pb.ts";
import { randomToken } from "../../vault/random.ts";

/** Names the keyed hash under which an API key is kept. */
export const apiKeyUse = "api-key";

/** A new API key that reaches the instance: 256 random bits. */
export const newApiKey = (): string => randomToken("kak_");

/** A new API key of a tenant: it says of which, so that it is looked up in that tenant's own space. */
export const newTenantApiKey = (tenantId: string): string => randomToken(`kak_${tenantId}_`);

/** The tenant that a credential says it is of: where to look it up, nothing more. Undefined: in the system's own space. */
export const claimedTenant = (credential: string): string | undefined =>
  /^k(?:ak|pat)_([0-7][0-9A-HJKMNP-TV-Z]{25})_/.exec(credential)?.[1];

/** A key as administrators see it: never with its value, but for the one answer that `value` is given for. */
export function apiKeyMessage(
  { id, displayName, permissions, instance, createTime, expireTime }: StoredApiKey,
  { value = "", lastUse }: { readonly value?: string; readonly lastUse?: Timestamp | undefined } = {},
): ApiKey {
  return create(ApiKeySchema, {
    id,
    apiKey: value,
    displayName,
    permissions,
    authority: instance ? ApiKeyAuthority.INSTANCE : ApiKeyAuthority.TENANT,
    ...(createTime ? { createTime } : {}),
    ...(expireTime ? { expireTime } : {}),
    ...(lastUse ? { lastUseTime: lastUse } : {}),
  });
}
