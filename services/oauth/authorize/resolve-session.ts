import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";

/** The live session of the browser's cookie, if there is one. */
export async function resolveSession(peers: Peers, call: Call, sessionToken: string): Promise<Session | undefined> {
  if (sessionToken === "") return undefined;
  const { session } = await peers.client(BrowserSessionService).resolveSession({ sessionToken }, forward(call));
  return session;
}
