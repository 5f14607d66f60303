import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  SessionScheduleSchema,
  type SessionSchedule as SessionScheduleRecord,
} from "#gen/koder/session/store/v1/session_schedule_pb.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored, SystemStore } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { sessionSchedules } from "../collections.ts";

/** A tenant whose sessions are to be looked at. */
export interface DueSessions {
  readonly tenantId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly stored: Stored<typeof SessionScheduleSchema>;
}

/** When it must be looked whether sessions of each tenant have run out. */
export interface SessionSchedule {
  /** Sees to it that they are looked at by `at` (ms), or earlier where that was said before. */
  lookBy(tenantId: string, at: number): Promise<void>;
  /** Those that are due first, soonest first, whether their time has come or not. */
  first(limit: number): Promise<readonly DueSessions[]>;
  /** Says when to look next; changes nothing where somebody brought that forward meanwhile. */
  settle(due: DueSessions, next: number): Promise<void>;
}

/**
 * The schedule in the system's own space: one small record for each tenant that had sessions, found by its time, so that the
 * others cost nothing. It is written before the session that it is about; because a session begins later than those that are
 * there already, a sign-in reads it and hardly ever writes it.
 */
export function createSessionSchedule({ system }: { readonly system: SystemStore }): SessionSchedule {
  const record = (tenantId: string, at: number) =>
    create(SessionScheduleSchema, { tenantId, lookTime: timestampFromMs(at) });
  const timeOf = ({ lookTime }: Pick<SessionScheduleRecord, "lookTime">) =>
    lookTime === undefined ? 0 : timestampMs(lookTime);

  return {
    async lookBy(tenantId, at) {
      for (;;) {
        const stored = await system.get(sessionSchedules, tenantId);
        if (stored !== undefined && timeOf(stored.record) <= at) return;
        const wanted = record(tenantId, at);
        const write =
          stored === undefined ? insert(sessionSchedules, wanted) : replace(sessionSchedules, wanted, stored.version);
        if (await commitUnlessChanged(system, [write])) return;
      }
    },
    async first(limit) {
      const { items } = await system.page(sessionSchedules, { index: "look_time", limit });
      return items.map((stored) => ({ tenantId: stored.record.tenantId, at: timeOf(stored.record), stored }));
    },
    async settle({ tenantId, stored }, next) {
      await commitUnlessChanged(system, [replace(sessionSchedules, record(tenantId, next), stored.version)]);
    },
  };
}
