import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListClientsResponseSchema,
  type ListClientsRequest,
  type ListClientsResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { clientMessage } from "./client-message.ts";

const defaultPageSize = 50;
const listing = "clients";

/** The clients of the tenant by id; deleted ones are not among them. */
export function listClients({ store, pageTokens }: OauthDependencies) {
  return async (request: ListClientsRequest, context: HandlerContext): Promise<ListClientsResponse> => {
    const call = callOf(context);
    const after = request.pageToken === "" ? undefined : await pageTokens.decode(call, listing, request.pageToken);
    const page = await store.tenant(call.tenantId).page(clients, {
      index: "live_id",
      limit: request.pageSize || defaultPageSize,
      ...(after === undefined ? {} : { after }),
    });
    return create(ListClientsResponseSchema, {
      clients: page.items.map((stored) => clientMessage(stored)),
      nextPageToken: page.next === undefined ? "" : await pageTokens.encode(call, listing, page.next),
    });
  };
}
