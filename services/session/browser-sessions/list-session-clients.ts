import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListSessionClientsResponseSchema,
  type ListSessionClientsRequest,
  type ListSessionClientsResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { clientsOf } from "./session-clients.ts";

/** The clients that a session signed its person in to. Of one that has ended, all: nothing is added to it any more. */
export function listSessionClients({ store }: Pick<SessionDependencies, "store">) {
  return async (request: ListSessionClientsRequest, context: HandlerContext): Promise<ListSessionClientsResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    return create(ListSessionClientsResponseSchema, { clientIds: [...(await clientsOf(data, request.sessionId))] });
  };
}
