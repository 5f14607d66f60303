import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ApiKeySchema as StoredApiKeySchema } from "#gen/koder/admin/store/v1/api_key_pb.ts";
import { ApiKeyAuthority, type ApiKey } from "#gen/koder/admin/v1/api_key_pb.ts";
import {
  ApiKeyService,
  CreateApiKeyRequestSchema,
  CreateApiKeyResponseSchema,
  type CreateApiKeyRequest,
  type CreateApiKeyResponse,
} from "#gen/koder/admin/v1/api_key_service_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure, violationsInWords, type FieldViolation } from "../../host/failure.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { ownPermissions } from "../../host/own-permissions.ts";
import { shownLineViolations } from "../../host/shown-line.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { adminFailure } from "../admin-failure.ts";
import { checkOwnHouse } from "../own-house.ts";
import { apiKeys } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { defaultTenant } from "../tenants/default-tenant.ts";
import { apiKeyMessage, apiKeyUse, newApiKey, newTenantApiKey } from "./api-key.ts";
import { keySpace } from "./key-spaces.ts";

/** As many as a tenant, or the instance, may have. */
const mostApiKeys = 500;

/** Makes an API key of 256 random bits, which permits no more than the credential that makes it. */
export function createApiKey(dependencies: AdminDependencies) {
  const { vault, clock, tenantIdempotency } = dependencies;
  return async (request: CreateApiKeyRequest, context: HandlerContext): Promise<CreateApiKeyResponse> => {
    const call = callOf(context);
    const asked = request.apiKey;
    if (asked === undefined) throw failure(ErrorReason.INVALID_REQUEST, "api_key: is required");
    checkOwnHouse(call.caller);
    checkForm(asked);
    const instance = asked.authority === ApiKeyAuthority.INSTANCE;
    const data = keySpace(dependencies, call, instance, "api_key.authority");
    checkHolds(call.caller, asked.permissions);
    // Of a key that reaches the instance, the answer is remembered where the key is, with the key.
    const idempotency = instance ? dependencies.idempotency : tenantIdempotency;
    return idempotency.run(
      call,
      {
        method: ApiKeyService.method.createApiKey,
        requestId: request.requestId,
        request,
        requestSchema: CreateApiKeyRequestSchema,
        responseSchema: CreateApiKeyResponseSchema,
      },
      async (remember) => {
        checkExpireTime(asked, clock());
        const { items } = await data.page(apiKeys, { index: "id", limit: mostApiKeys });
        if (items.length >= mostApiKeys) {
          throw adminFailure(AdminErrorReason.API_KEY_LIMIT, `there are at most ${mostApiKeys} API keys`);
        }
        const now = clock();
        // One that reaches the instance is of no tenant that may be suspended or removed.
        const owner = instance ? (await defaultTenant(dependencies, call)).record.id : call.tenantId;
        const value = instance ? newApiKey() : newTenantApiKey(call.tenantId);
        const record = create(StoredApiKeySchema, {
          id: ulid(now),
          keyHash: (await vault.tenant(data.tenantId)).keyedHash(apiKeyUse, value),
          tenantId: owner,
          instance,
          permissions: asked.permissions,
          displayName: asked.displayName,
          createTime: timestampFromMs(now),
          ...(asked.expireTime ? { expireTime: asked.expireTime } : {}),
        });
        const response = create(CreateApiKeyResponseSchema, { apiKey: apiKeyMessage(record, { value }) });
        const { displayName } = record;
        const created = eventOf(
          { ...call, tenantId: data.tenantId },
          now,
          { type: "api_key", id: record.id, version: 1 },
          { case: "apiKeyCreated", value: { $typeName: "koder.events.v1.ApiKeyCreated", displayName } },
        );
        await data.commit([insert(apiKeys, record), ...remember(response)], [created]);
        return response;
      },
    );
  };
}

function checkForm(asked: ApiKey): void {
  refuse([
    ...(asked.id === "" ? [] : [{ field: "api_key.id", description: "is set by the server" }]),
    ...(asked.apiKey === "" ? [] : [{ field: "api_key.api_key", description: "is made by the server" }]),
    ...(asked.createTime ? [{ field: "api_key.create_time", description: "is set by the server" }] : []),
    ...(asked.lastUseTime ? [{ field: "api_key.last_use_time", description: "is set by the server" }] : []),
    ...shownLineViolations("api_key.display_name", asked.displayName),
    ...(asked.permissions.length === 0
      ? [{ field: "api_key.permissions", description: "must name at least one" }]
      : []),
    ...asked.permissions.flatMap((permission, at) =>
      ownPermissions.has(permission)
        ? []
        : [
            {
              field: `api_key.permissions[${at}]`,
              description: "must be a permission of this system such as users.read",
            },
          ],
    ),
  ]);
}

/** Of a repeat it may have passed by now, so it is asked the first time alone. */
function checkExpireTime({ expireTime }: ApiKey, now: number): void {
  if (expireTime === undefined || timestampMs(expireTime) > now) return;
  refuse([{ field: "api_key.expire_time", description: "must be in the future" }]);
}

function refuse(violations: FieldViolation[]): void {
  if (violations.length === 0) return;
  throw adminFailure(AdminErrorReason.API_KEY_INVALID, violationsInWords(violations), { violations });
}
