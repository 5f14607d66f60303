import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ownWork } from "../../host/call.ts";
import { ulid } from "../../vault/random.ts";
import { sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { endSession } from "./end-session.ts";
import type { DueSessions } from "./session-schedule.ts";

/** Tenants and sessions of one of them in one step. */
const [mostTenants, mostSessions] = [20, 100];
/** The longest time between two looks at the schedule, and until a tenant is tried again that failed, in milliseconds. */
const [longestPause, afterFailure] = [5_000, 60_000];
/** Sessions are ended so many ms after each other at most: those of the same moment are ended by one look at their tenant. */
const together = 1_000;

type Needs = Pick<SessionDependencies, "store" | "sessionSchedule" | "lifetimes" | "onSessionFault" | "clock">;

/**
 * One step of ending the sessions whose time has come, so that each has its event and its clients are told. Nothing depends on
 * how soon that is: such a session opens nothing from its time on. Answers how long to wait.
 */
export function endRunOutSessions({
  store,
  sessionSchedule,
  lifetimes,
  onSessionFault,
  clock,
}: Needs): () => Promise<number> {
  async function look(due: DueSessions): Promise<void> {
    const { tenantId } = due;
    const data = store.tenant(tenantId);
    const now = clock();
    const work = ownWork({ service: "session", tenantId, requestId: ulid(now), deadline: now + afterFailure });
    const { items } = await data.page(sessions, { index: "expire_time", limit: mostSessions });
    for (const { record } of items) {
      if (record.expireTime === undefined || timestampMs(record.expireTime) > now) {
        const next = record.expireTime === undefined ? now : timestampMs(record.expireTime);
        return sessionSchedule.settle(due, next + together);
      }
      await endSession(data, work, now, record.id, "expired");
    }
    if (items.length === mostSessions) return sessionSchedule.settle(due, now);
    // None is left that was seen. One that begins at this moment found its tenant in the schedule and wrote nothing there: so
    // the tenant stays in it, and is looked at when such a session runs out.
    return sessionSchedule.settle(due, now + lifetimes.session);
  }

  return async () => {
    const first = await sessionSchedule.first(mostTenants);
    const due = first.filter(({ at }) => at <= clock());
    for (const one of due) {
      try {
        await look(one);
      } catch (error) {
        onSessionFault(error, one.tenantId);
        await sessionSchedule.settle(one, clock() + afterFailure);
      }
    }
    if (due.length > 0) return 0;
    return Math.min(longestPause, Math.max(0, (first[0]?.at ?? Number.POSITIVE_INFINITY) - clock()));
  };
}
