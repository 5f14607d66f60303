import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetClientResponseSchema,
  type GetClientRequest,
  type GetClientResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { clientMessage } from "./client-message.ts";
import { clientNotFound } from "./client-not-found.ts";

/** One client of the tenant, read from the store. */
export function getClient({ store }: OauthDependencies) {
  return async (request: GetClientRequest, context: HandlerContext): Promise<GetClientResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(clients, request.clientId);
    if (stored === undefined || stored.record.deleteTime) throw clientNotFound(request.clientId);
    return create(GetClientResponseSchema, { client: clientMessage(stored) });
  };
}
