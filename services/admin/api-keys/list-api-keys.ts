import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ApiKeyAuthority } from "#gen/koder/admin/v1/api_key_pb.ts";
import {
  ListApiKeysResponseSchema,
  type ListApiKeysRequest,
  type ListApiKeysResponse,
} from "#gen/koder/admin/v1/api_key_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { apiKeys, credentialUses } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { apiKeyMessage } from "./api-key.ts";
import { keySpace } from "./key-spaces.ts";

/** The API keys of the tenant, or those that reach the instance, by id. */
export function listApiKeys(dependencies: AdminDependencies) {
  const { pageTokens } = dependencies;
  return async (request: ListApiKeysRequest, context: HandlerContext): Promise<ListApiKeysResponse> => {
    const call = callOf(context);
    const instance = request.authority === ApiKeyAuthority.INSTANCE;
    const data = keySpace(dependencies, call, instance, "authority");
    const listing = `api keys?instance=${instance}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await data.page(apiKeys, {
      index: "id",
      ...requested,
    });
    const keys = page.items.map(async ({ record }) => {
      const use = await data.get(credentialUses, record.id);
      return apiKeyMessage(record, { lastUse: use?.record.lastUseTime });
    });
    return create(ListApiKeysResponseSchema, {
      apiKeys: await Promise.all(keys),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
