import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RevokeSessionsResponseSchema,
  type RevokeSessionsRequest,
  type RevokeSessionsResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { endSession } from "../browser-sessions/end-session.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { sessionsPage } from "./sessions-page.ts";

/**
 * Ends the sessions of a user, of a client or of both, newest first, a page at a call. What begins meanwhile is newer than where
 * the next call goes on, so that the calls come to an end.
 */
export function revokeSessions({ store, pageTokens, clock }: SessionDependencies) {
  return async (request: RevokeSessionsRequest, context: HandlerContext): Promise<RevokeSessionsResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { userId, clientId } = request;
    const listing = `sessions to revoke?user_id=${userId}&client_id=${clientId}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    const { items, next } = await sessionsPage(data, { userId, clientId }, requested);
    let ended = 0;
    for (const { record } of items) if (await endSession(data, call, clock(), record.id, "revoked")) ended += 1;
    return create(RevokeSessionsResponseSchema, {
      ended,
      nextPageToken: await pageTokens.nextPageToken(call, listing, next),
    });
  };
}
