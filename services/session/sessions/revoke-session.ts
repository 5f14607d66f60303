import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RevokeSessionResponseSchema,
  type RevokeSessionRequest,
  type RevokeSessionResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { sessionRevoked } from "../browser-sessions/session-revoked-event.ts";
import { sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { sessionNotFound } from "./session-not-found.ts";

/**
 * Ends a session. Grants that were given without offline access end with it, because each use of them looks for their
 * session; those with offline access go on (protocol 15).
 */
export function revokeSession({ store, clock }: SessionDependencies) {
  return async (request: RevokeSessionRequest, context: HandlerContext): Promise<RevokeSessionResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(sessions, request.sessionId);
    if (stored === undefined) throw sessionNotFound(request.sessionId);
    try {
      await data.commit([remove(sessions, stored)], [sessionRevoked(call, clock(), stored)]);
    } catch (error) {
      // Ended by somebody else at the same moment: what was asked for is true.
      if (!(error instanceof Conflict)) throw error;
    }
    return create(RevokeSessionResponseSchema, {});
  };
}
