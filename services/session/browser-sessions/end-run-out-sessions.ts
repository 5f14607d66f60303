import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ownWork } from "../../host/call.ts";
import type { CausingCall } from "../../host/event.ts";
import { ulid } from "../../vault/random.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { sessions, sessionUses } from "../collections.ts";
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
 * One step of ending the sessions whose time has come, or that nobody has used, so that each has its event and its clients are told. Nothing depends on
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
    const nexts = [await endDue(data, work, now, "expired"), await endDue(data, work, now, "idle")];
    const next = Math.min(...nexts.map((at) => at ?? Infinity));
    if (next !== Infinity) return sessionSchedule.settle(due, Math.max(now, next === now ? now : next + together));
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

/** Ends the sessions of a tenant that are over by their age, or by nobody having used them; answers when to look next (ms), if ever. */
async function endDue(
  data: TenantStore,
  work: CausingCall,
  now: number,
  reason: "expired" | "idle",
): Promise<number | undefined> {
  const due = reason === "expired" ? await byAge(data) : await byUse(data);
  for (const { at, sessionId, forget } of due) {
    if (at > now) return at;
    // A use of a session that is gone by now was noted as it ended.
    if (!(await endSession(data, work, now, sessionId, reason))) await forget();
  }
  return due.length === mostSessions ? now : undefined;
}

interface Due {
  readonly at: number;
  readonly sessionId: string;
  readonly forget: () => Promise<unknown>;
}

async function byAge(data: TenantStore): Promise<readonly Due[]> {
  const { items } = await data.page(sessions, { index: "expire_time", limit: mostSessions });
  return items.map(({ record: { id, expireTime } }) => ({
    at: expireTime === undefined ? Infinity : timestampMs(expireTime),
    sessionId: id,
    forget: () => Promise.resolve(),
  }));
}

async function byUse(data: TenantStore): Promise<readonly Due[]> {
  const { items } = await data.page(sessionUses, { index: "idle_end_time", limit: mostSessions });
  return items.map((stored) => ({
    at: stored.record.idleEndTime === undefined ? Infinity : timestampMs(stored.record.idleEndTime),
    sessionId: stored.record.sessionId,
    forget: async () => {
      const isThere = (await data.get(sessions, stored.record.sessionId)) !== undefined;
      return isThere || commitUnlessChanged(data, [remove(sessionUses, stored)]);
    },
  }));
}
