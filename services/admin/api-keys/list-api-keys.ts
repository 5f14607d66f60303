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

const defaultPageSize = 50;

/** The API keys of the tenant, or those that reach the instance, by id. */
export function listApiKeys(dependencies: AdminDependencies) {
  const { pageTokens } = dependencies;
  return async (request: ListApiKeysRequest, context: HandlerContext): Promise<ListApiKeysResponse> => {
    const call = callOf(context);
    const instance = request.authority === ApiKeyAuthority.INSTANCE;
    const data = keySpace(dependencies, call, instance, "authority");
    const listing = `api keys?instance=${instance}`;
    const after = request.pageToken === "" ? undefined : await pageTokens.decode(call, listing, request.pageToken);
    const page = await data.page(apiKeys, {
      index: "id",
      limit: request.pageSize || defaultPageSize,
      ...(after === undefined ? {} : { after }),
    });
    const keys = page.items.map(async ({ record }) => {
      const use = await data.get(credentialUses, record.id);
      return apiKeyMessage(record, { lastUse: use?.record.lastUseTime });
    });
    return create(ListApiKeysResponseSchema, {
      apiKeys: await Promise.all(keys),
      nextPageToken: page.next === undefined ? "" : await pageTokens.encode(call, listing, page.next),
    });
  };
}
