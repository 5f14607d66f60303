import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListSessionsResponseSchema,
  type ListSessionsRequest,
  type ListSessionsResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { liveSession } from "../browser-sessions/live-session.ts";
import { sessionMessage } from "../browser-sessions/session-message.ts";
import { sessionUses } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { userOf } from "../../host/user-of.ts";
import { sessionsPage } from "./sessions-page.ts";

/**
 * Live sessions, newest first: of the tenant, of one user, of one client. A page may be shorter than asked for where sessions on it
 * have run out or were voided with their user; `next_page_token` alone says whether more follow.
 */
export function listSessions({ store, pageTokens, clock }: SessionDependencies) {
  return async (request: ListSessionsRequest, context: HandlerContext): Promise<ListSessionsResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const { clientId } = request;
    const listing = `sessions?user_id=${userId}&client_id=${clientId}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await sessionsPage(data, { userId, clientId }, requested);
    const live = await Promise.all(page.items.map((stored) => liveSession(data, stored, clock())));
    const shown = live
      .filter((session) => session !== undefined)
      .map(async (session) => sessionMessage(session, (await data.get(sessionUses, session.id))?.record));
    return create(ListSessionsResponseSchema, {
      sessions: await Promise.all(shown),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
