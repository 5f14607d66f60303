import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RevokeOtherSessionsResponseSchema,
  type RevokeOtherSessionsRequest,
  type RevokeOtherSessionsResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { PagePosition } from "../../store/store.ts";
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
    for (let after: PagePosition | undefined, more = true; more;) {
      const { items, next } = await data.page(sessions, { ...ofUser, ...(after === undefined ? {} : { after }) });
      for (const { record } of items) {
        if (record.id !== own && (await endSession(data, call, clock(), record.id, "revoked"))) ended += 1;
      }
      [after, more] = [next, next !== undefined];
    }
    return create(RevokeOtherSessionsResponseSchema, { ended });
  };
}
