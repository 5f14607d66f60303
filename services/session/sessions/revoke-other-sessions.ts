import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RevokeOtherSessionsResponseSchema,
  type RevokeOtherSessionsRequest,
  type RevokeOtherSessionsResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { everyRecord } from "../../store/every-record.ts";
import { endSession } from "../browser-sessions/end-session.ts";
import { sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { userOf } from "../../host/user-of.ts";

/** Sessions that are looked at in one go. */
const batch = 100;

/**
 * Ends the sessions of a person but the one that they call from, one after the other, each before the next. A repeat ends
 * what began since.
 */
export function revokeOtherSessions({ store, clock }: SessionDependencies) {
  return async (request: RevokeOtherSessionsRequest, context: HandlerContext): Promise<RevokeOtherSessionsResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const own = call.caller.kind === "user" ? call.caller.sessionId : "";
    const ofUser = { index: "user_id", equals: userOf(call, request), limit: batch } as const;
    let ended = 0;
    for await (const { record } of everyRecord(data, sessions, ofUser)) {
      if (record.id !== own && (await endSession(data, call, clock(), record.id, "revoked"))) ended += 1;
    }
    return create(RevokeOtherSessionsResponseSchema, { ended });
  };
}
