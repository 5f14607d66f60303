import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { KeyScheduleSchema } from "#gen/koder/oauth/store/v1/key_schedule_pb.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored, SystemStore } from "../../store/store.ts";
import { insert, remove, replace } from "../../store/writes.ts";
import { keySchedules } from "../collections.ts";

/** When each tenant's keys must be looked at again. */
export interface KeySchedule {
  /** Sees to it that they are looked at by `at` (ms), or earlier where that was said before. */
  lookBy(tenantId: string, alg: string, at: number): Promise<void>;
  /** Those that are due first, soonest first, whether their time has come or not. */
  first(limit: number): Promise<readonly Due[]>;
  /** Says when to look next at keys that were looked at; nothing changes where that was brought forward meanwhile. */
  settle(due: Due, next: number): Promise<void>;
  /** Forgets keys that are no more. */
  drop(due: Due): Promise<void>;
}

/** Keys of a tenant and algorithm that are to be looked at. */
export interface Due {
  readonly tenantId: string;
  readonly alg: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly stored: Stored<typeof KeyScheduleSchema>;
}

/**
 * The schedule in the system's own space, one small record for each tenant that has signed, found by its time: tenants whose
 * keys are not due cost nothing. It is written before the keys that it is about, so that a crash in between makes somebody
 * look in vain, never not at all.
 */
export function createKeySchedule({ system }: { readonly system: SystemStore }): KeySchedule {
  const record = (tenantId: string, alg: string, at: number) =>
    create(KeyScheduleSchema, { tenantId, alg, planTime: timestampFromMs(at) });

  return {
    async lookBy(tenantId, alg, at) {
      const wanted = record(tenantId, alg, at);
      for (;;) {
        const stored = await system.get(keySchedules, keySchedules.id(wanted));
        if (stored?.record.planTime !== undefined && timestampMs(stored.record.planTime) <= at) return;
        const write =
          stored === undefined ? insert(keySchedules, wanted) : replace(keySchedules, wanted, stored.version);
        if (await commitUnlessChanged(system, [write])) return;
      }
    },
    async first(limit) {
      const { items } = await system.page(keySchedules, { index: "plan_time", limit });
      return items.map((stored) => ({
        tenantId: stored.record.tenantId,
        alg: stored.record.alg,
        at: stored.record.planTime === undefined ? 0 : timestampMs(stored.record.planTime),
        stored,
      }));
    },
    async settle({ tenantId, alg, stored }, next) {
      await commitUnlessChanged(system, [replace(keySchedules, record(tenantId, alg, next), stored.version)]);
    },
    async drop({ stored }) {
      await commitUnlessChanged(system, [remove(keySchedules, stored)]);
    },
  };
}
