import type { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { RequestedPage } from "../../host/page-token.ts";
import type { PagePosition, Stored, TenantStore } from "../../store/store.ts";
import { isNoted } from "../browser-sessions/session-clients.ts";
import { sessionClients, sessions } from "../collections.ts";

/** Which sessions: of a user, in which a client was signed in to, both, or with neither all of the tenant. */
export interface SessionFilter {
  readonly userId: string;
  readonly clientId: string;
}

/** What a page holds: those that are still there of the ones that it looked at. */
export interface SessionsPage {
  readonly items: readonly Stored<typeof SessionSchema>[];
  readonly next?: PagePosition;
}

/**
 * A page of sessions, newest first, by an index: the user's where there is one, because nobody has many; else the client's. Which
 * clients a session signed its person in to is known beyond its end, so that a page may hold fewer than were looked at.
 */
export async function sessionsPage(
  data: TenantStore,
  { userId, clientId }: SessionFilter,
  requested: RequestedPage,
): Promise<SessionsPage> {
  const newestFirst = { descending: true, ...requested } as const;
  if (userId === "" && clientId !== "") {
    const noted = await data.page(sessionClients, { index: "client_id", equals: clientId, ...newestFirst });
    const read = await Promise.all(noted.items.map(({ record }) => data.get(sessions, record.sessionId)));
    return { ...noted, items: read.filter((stored) => stored !== undefined) };
  }
  const page = await data.page(sessions, {
    ...(userId === "" ? { index: "id" } : { index: "user_id", equals: userId }),
    ...newestFirst,
  });
  if (clientId === "") return page;
  const items = await Promise.all(
    page.items.map(async (stored) => ((await isNoted(data, stored.record.id, clientId)) ? [stored] : [])),
  );
  return { ...page, items: items.flat() };
}
