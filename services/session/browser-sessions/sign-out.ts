import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  EndSessionResponseSchema,
  type EndSessionRequest,
  type EndSessionResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { endSession } from "./end-session.ts";

/** Ends a session because its person signs out. One that has ended already is what was asked for. */
export function signOut({ store, clock }: Pick<SessionDependencies, "store" | "clock">) {
  return async (request: EndSessionRequest, context: HandlerContext): Promise<EndSessionResponse> => {
    const call = callOf(context);
    await endSession(store.tenant(call.tenantId), call, clock(), request.sessionId, "logout");
    return create(EndSessionResponseSchema, {});
  };
}
