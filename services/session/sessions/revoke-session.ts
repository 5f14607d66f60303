import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RevokeSessionResponseSchema,
  type RevokeSessionRequest,
  type RevokeSessionResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { endSession } from "../browser-sessions/end-session.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { sessionNotFound } from "./session-not-found.ts";

/** Ends a session, and what ends with it. */
export function revokeSession({ store, clock }: SessionDependencies) {
  return async (request: RevokeSessionRequest, context: HandlerContext): Promise<RevokeSessionResponse> => {
    const call = callOf(context);
    const ended = await endSession(store.tenant(call.tenantId), call, clock(), request.sessionId, "revoked");
    if (!ended) throw sessionNotFound(request.sessionId);
    return create(RevokeSessionResponseSchema, {});
  };
}
