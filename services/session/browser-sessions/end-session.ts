import { Conflict, type TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { sessions } from "../collections.ts";
import { endGrant } from "../refresh/end-grant.ts";
import { grantsEndingAtLogout } from "../refresh/grants-ending-at-logout.ts";
import { hasRunOut } from "./kept-session.ts";
import { sessionRevoked, type EndingCall, type SessionEndReason } from "./session-revoked-event.ts";

/**
 * Ends a session for good, before it answers; false when there is none, or its time has come and it is not that which ends it. However a session ends, it ends here, but for the one
 * that a new sign-in replaces within its own commit.
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
    if (stored === undefined || hasRunOut(stored.record, now) !== (reason === "expired")) return false;
    try {
      await data.commit([remove(sessions, stored)], [sessionRevoked(call, now, stored, reason)]);
    } catch (error) {
      // Changed or ended by somebody else at the same moment: look again.
      if (!(error instanceof Conflict)) throw error;
      continue;
    }
    if (endsGrants(reason)) await endGrantsAtLogout(data, call, now, sessionId);
    return true;
  }
}

/**
 * Whether what is to end at a logout ends with the session: where somebody ended it. That its time had come, or that another
 * person took its place in the browser, is no logout.
 */
export const endsGrants = (reason: string): boolean => reason !== "replaced" && reason !== "expired";

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
