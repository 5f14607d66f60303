import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListResourceServersResponseSchema,
  type ListResourceServersRequest,
  type ListResourceServersResponse,
} from "#gen/koder/oauth/v1/resource_server_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { resourceServers } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { resourceServerMessage } from "./resource-server-message.ts";

const defaultPageSize = 50;
const listing = "resource servers";

/** The resource servers of the tenant by id, oldest first. */
export function listResourceServers({ store, pageTokens }: Pick<OauthDependencies, "store" | "pageTokens">) {
  return async (request: ListResourceServersRequest, context: HandlerContext): Promise<ListResourceServersResponse> => {
    const call = callOf(context);
    const after = request.pageToken === "" ? undefined : await pageTokens.decode(call, listing, request.pageToken);
    const page = await store.tenant(call.tenantId).page(resourceServers, {
      index: "id",
      limit: request.pageSize || defaultPageSize,
      ...(after === undefined ? {} : { after }),
    });
    return create(ListResourceServersResponseSchema, {
      resourceServers: page.items.map((stored) => resourceServerMessage(stored)),
      nextPageToken: page.next === undefined ? "" : await pageTokens.encode(call, listing, page.next),
    });
  };
}
