import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  FindClientsResponseSchema,
  type FindClientsRequest,
  type FindClientsResponse,
} from "#gen/koder/oauth/v1/client_lookup_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { clientsThatAreThere } from "./clients-that-are-there.ts";

/** Those of the clients that are there, each once. */
export function findClients({ store }: Pick<OauthDependencies, "store">) {
  return async ({ clientIds }: FindClientsRequest, context: HandlerContext): Promise<FindClientsResponse> => {
    const there = await clientsThatAreThere(store.tenant(callOf(context).tenantId), clientIds);
    return create(FindClientsResponseSchema, { clientIds: [...there] });
  };
}
