import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetSessionResponseSchema,
  type GetSessionRequest,
  type GetSessionResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { liveSession } from "../browser-sessions/live-session.ts";
import { sessionMessage } from "../browser-sessions/session-message.ts";
import { sessions, sessionUses } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { sessionNotFound } from "./session-not-found.ts";

/** One live session of the tenant. */
export function getSession({ store, clock }: SessionDependencies) {
  return async (request: GetSessionRequest, context: HandlerContext): Promise<GetSessionResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    const session = await liveSession(data, await data.get(sessions, request.sessionId), clock());
    if (session === undefined) throw sessionNotFound(request.sessionId);
    const use = await data.get(sessionUses, session.id);
    return create(GetSessionResponseSchema, { session: sessionMessage(session, use?.record) });
  };
}
