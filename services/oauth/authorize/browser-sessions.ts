import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";

/** A live session of a browser. */
export interface BrowserSession {
  readonly session: Session;
  /** What the browser's cookie must hold for it to be the active one. */
  readonly sessionToken: string;
  /** Whether it signed its person in to the client that was asked about, of several in the browser. */
  readonly signedInToClient: boolean;
}

/** The live sessions of a browser by what its cookie holds, the active one first, for a client where one asks. */
export async function browserSessions(
  peers: Peers,
  call: Call,
  sessionToken: string,
  clientId = "",
): Promise<readonly BrowserSession[]> {
  if (sessionToken === "") return [];
  const request = { sessionToken, clientId };
  const { sessions } = await peers.client(BrowserSessionService).resolveSession(request, forward(call));
  return sessions.flatMap(({ session, sessionToken: token, signedInToClient }) =>
    session === undefined ? [] : [{ session, sessionToken: token, signedInToClient }],
  );
}

/** The active session of a browser, if there is one. */
export async function activeSession(peers: Peers, call: Call, sessionToken: string): Promise<Session | undefined> {
  const [active] = await browserSessions(peers, call, sessionToken);
  return active?.session;
}
