import type { Session, SessionUse } from "#gen/koder/session/store/v1/session_pb.ts";
import type { CausingCall } from "../../host/event.ts";
import { Conflict, type TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { sessions, sessionUses } from "../collections.ts";
import { endGrant } from "../refresh/end-grant.ts";
import { grantsEndingAtLogout } from "../refresh/grants-ending-at-logout.ts";
import { hasRunOut } from "./kept-session.ts";
import { idleEnd } from "./session-use.ts";
import { sessionRevoked, type SessionEndReason } from "./session-revoked-event.ts";

/**
 * Ends a session for good, before it answers; false when there is none, or it is over by itself
 * and it is not that which ends it. However a session ends, it ends here, but for the one
 * that a new sign-in replaces within its own commit.
 *
 * Grants without offline access end with it, because each use of them looks for their session. Those with offline access
 * go on (OpenID Connect Back-Channel Logout 1.0 §2.7), unless they are to end at a logout. These follow after the session: what is redeemed meanwhile looks
 * for the session once more, and finds it gone. After a crash in between, `finishEnds` does what is missing.
 */
export async function endSession(
  data: TenantStore,
  call: CausingCall,
  now: number,
  sessionId: string,
  reason: SessionEndReason,
): Promise<boolean> {
  for (;;) {
    const stored = await data.get(sessions, sessionId);
    if (stored === undefined) return false;
    const use = await data.get(sessionUses, sessionId);
    if (whyItIsOver(stored.record, use?.record, now) !== (endsByItself(reason) ? reason : undefined)) return false;
    try {
      await data.commit(
        [remove(sessions, stored), ...(use === undefined ? [] : [remove(sessionUses, use)])],
        [sessionRevoked(call, now, stored, reason)],
      );
    } catch (error) {
      // Changed or ended by somebody else at the same moment: look again.
      if (!(error instanceof Conflict)) throw error;
      continue;
    }
    if (endsGrants(reason)) await endGrantsAtLogout(data, call, now, sessionId);
    return true;
  }
}

const endsByItself = (reason: SessionEndReason): boolean => reason === "expired" || reason === "idle";

/** Why a session is over by itself at `now` (ms); undefined while it is not. */
function whyItIsOver(session: Session, use: SessionUse | undefined, now: number): SessionEndReason | undefined {
  if (hasRunOut(session, now)) return "expired";
  return now >= (idleEnd(session, use) ?? Infinity) ? "idle" : undefined;
}

/**
 * Whether what is to end at a logout ends with the session: where somebody ended it. That its time had come, or that another
 * person took its place in the browser, or that nobody used it, is no logout.
 */
export const endsGrants = (reason: string): boolean => !["replaced", "expired", "idle"].includes(reason);

/** Ends the grants of a session that was ended which go on without it, but not beyond a logout. */
export async function endGrantsAtLogout(
  data: TenantStore,
  call: CausingCall,
  now: number,
  sessionId: string,
): Promise<void> {
  for await (const { record } of grantsEndingAtLogout(data, sessionId)) {
    await endGrant(data, call, now, record.id, "session_ended");
  }
}
