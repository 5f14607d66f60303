import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListClientsResponseSchema,
  type ListClientsRequest,
  type ListClientsResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { clientNameKey, clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { clientMessage } from "./client-message.ts";

/** The clients of the tenant by id, or by the prefix of their name; deleted ones are not among them. */
export function listClients({ store, pageTokens }: OauthDependencies) {
  return async (request: ListClientsRequest, context: HandlerContext): Promise<ListClientsResponse> => {
    const call = callOf(context);
    const prefix = clientNameKey(request.clientNamePrefix);
    const listing = `clients?name_prefix=${prefix}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await store.tenant(call.tenantId).page(clients, {
      ...(prefix === "" ? { index: "live_id" } : { index: "name", prefix }),
      ...requested,
    });
    return create(ListClientsResponseSchema, {
      clients: page.items.map((stored) => clientMessage(stored)),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
