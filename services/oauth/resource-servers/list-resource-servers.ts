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

const listing = "resource servers";

/** The resource servers of the tenant by id, oldest first. */
export function listResourceServers({ store, pageTokens }: Pick<OauthDependencies, "store" | "pageTokens">) {
  return async (request: ListResourceServersRequest, context: HandlerContext): Promise<ListResourceServersResponse> => {
    const call = callOf(context);
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await store.tenant(call.tenantId).page(resourceServers, {
      index: "id",
      ...requested,
    });
    return create(ListResourceServersResponseSchema, {
      resourceServers: page.items.map((stored) => resourceServerMessage(stored)),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
