import { Conflict, type TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { sessions } from "../collections.ts";
import { endGrant } from "../refresh/end-grant.ts";
import { grantsEndingAtLogout } from "../refresh/grants-ending-at-logout.ts";
import { sessionRevoked, type EndingCall, type SessionEndReason } from "./session-revoked-event.ts";

/**
 * Ends a session for good, before it answers; false when there is none. However a session ends before its time, it ends
 * here, but for the one that a new sign-in replaces within its own commit.
 *
 * Grants without offline access end with it, because each use of them looks for their session. Those with offline access
 * go on (protocol 15), unless they are to end at a logout. These follow after the session: what is redeemed meanwhile looks
 * for the session once more, and finds it gone. After a crash in between, `finishEnds` does what is missing.
 */
export async function endSession(
  data: TenantStore,
  call: EndingCall,
  now: number,
  sessionId: string,
  reason: SessionEndReason,
): Promise<boolean> {
  for (;;) {
    const stored = await data.get(sessions, sessionId);
    if (stored === undefined) return false;
    try {
      await data.commit([remove(sessions, stored)], [sessionRevoked(call, now, stored, reason)]);
    } catch (error) {
      // Changed or ended by somebody else at the same moment: look again.
      if (!(error instanceof Conflict)) throw error;
      continue;
    }
    await endGrantsAtLogout(data, call, now, sessionId);
    return true;
  }
}

/** Ends the grants of a session that was ended which go on without it, but not beyond a logout. */
export async function endGrantsAtLogout(
  data: TenantStore,
  call: EndingCall,
  now: number,
  sessionId: string,
): Promise<void> {
  for await (const { record } of grantsEndingAtLogout(data, sessionId)) {
    await endGrant(data, call, now, record.id, "session_ended");
  }
}
