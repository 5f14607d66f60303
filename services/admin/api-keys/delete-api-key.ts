import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteApiKeyResponseSchema,
  type DeleteApiKeyRequest,
  type DeleteApiKeyResponse,
} from "#gen/koder/admin/v1/api_key_service_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { reachesInstance } from "../../host/instance-reach.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { adminFailure } from "../admin-failure.ts";
import { apiKeys } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";

/**
 * Deletes an API key of the tenant, or one that reaches the instance, which is there only for a credential that does so too.
 * The caller must hold what it permits.
 */
export function deleteApiKey({ store, system, clock }: AdminDependencies) {
  return async ({ apiKeyId }: DeleteApiKeyRequest, context: HandlerContext): Promise<DeleteApiKeyResponse> => {
    const call = callOf(context);
    const notFound = () => adminFailure(AdminErrorReason.API_KEY_NOT_FOUND, `no API key has the id ${apiKeyId}`);
    const spaces = [store.tenant(call.tenantId), ...(reachesInstance(call.caller) ? [system] : [])];
    for (const data of spaces) {
      const stored = await data.get(apiKeys, apiKeyId);
      if (stored === undefined) continue;
      checkHolds(call.caller, stored.record.permissions);
      const deleted = eventOf(
        { ...call, tenantId: data.tenantId },
        clock(),
        { type: "api_key", id: apiKeyId, version: stored.version + 1 },
        {
          case: "apiKeyDeleted",
          value: { $typeName: "koder.events.v1.ApiKeyDeleted", displayName: stored.record.displayName },
        },
      );
      if (!(await commitUnlessChanged(data, [remove(apiKeys, stored)], [deleted]))) throw notFound();
      return create(DeleteApiKeyResponseSchema, {});
    }
    throw notFound();
  };
}
