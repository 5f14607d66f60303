import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResolveSessionResponseSchema,
  type ResolveSessionRequest,
  type ResolveSessionResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { liveSession } from "./live-session.ts";
import { sessionMessage } from "./session-message.ts";
import { findSessionByToken } from "./session-token.ts";

/** The live session of a cookie's token, or none. */
export function resolveSession({ store, vault }: SessionDependencies) {
  return async (request: ResolveSessionRequest, context: HandlerContext): Promise<ResolveSessionResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await findSessionByToken(data, await vault.tenant(call.tenantId), request.sessionToken);
    const session = await liveSession(data, stored);
    return create(ResolveSessionResponseSchema, session === undefined ? {} : { session: sessionMessage(session) });
  };
}
