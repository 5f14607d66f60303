import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RevokeUserSessionResponseSchema,
  type RevokeUserSessionRequest,
  type RevokeUserSessionResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { endSession } from "../browser-sessions/end-session.ts";
import { sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { sessionNotFound } from "./session-not-found.ts";
import { userOf } from "../../host/user-of.ts";

/** Ends one session of a user, and what ends with it. A session of somebody else is not there (security A14). */
export function revokeUserSession({ store, clock }: SessionDependencies) {
  return async (request: RevokeUserSessionRequest, context: HandlerContext): Promise<RevokeUserSessionResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(sessions, request.sessionId);
    const isTheirs = stored?.record.userId === userOf(call, request);
    if (!isTheirs || !(await endSession(data, call, clock(), request.sessionId, "revoked"))) {
      throw sessionNotFound(request.sessionId);
    }
    return create(RevokeUserSessionResponseSchema);
  };
}
