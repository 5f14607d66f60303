import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListLogoutDeliveriesResponseSchema,
  type ListLogoutDeliveriesRequest,
  type ListLogoutDeliveriesResponse,
} from "#gen/koder/oauth/v1/logout_delivery_service_pb.ts";
import { callOf } from "../../../host/call.ts";
import type { PageQuery } from "../../../store/store.ts";
import { logoutDeliveries } from "../../collections.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import { deliveryMessage, keptState } from "./delivery-message.ts";

/** Deliveries of the tenant, newest first: all, or those of a client, of a state, or of both. */
export function listLogoutDeliveries({ store, pageTokens }: Pick<OauthDependencies, "store" | "pageTokens">) {
  return async (
    request: ListLogoutDeliveriesRequest,
    context: HandlerContext,
  ): Promise<ListLogoutDeliveriesResponse> => {
    const call = callOf(context);
    const listing = `logout-deliveries?client_id=${request.clientId}&state=${request.state}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await store.tenant(call.tenantId).page(logoutDeliveries, {
      ...filtered(request),
      descending: true,
      ...requested,
    });
    return create(ListLogoutDeliveriesResponseSchema, {
      deliveries: page.items.map(({ record }) => deliveryMessage(record)),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}

function filtered({ clientId, state }: ListLogoutDeliveriesRequest): Pick<PageQuery, "index" | "equals"> {
  const kept = keptState(state);
  if (kept === undefined) return clientId === "" ? { index: "id" } : { index: "client_id", equals: clientId };
  return clientId === "" ? { index: "state", equals: kept } : { index: "client_state", equals: `${clientId}/${kept}` };
}
