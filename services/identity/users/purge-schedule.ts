import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { PurgeSchema } from "#gen/koder/identity/store/v1/purge_pb.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored, SystemStore } from "../../store/store.ts";
import { insert, remove, replace } from "../../store/writes.ts";
import { purges } from "../collections.ts";

/** When deleted users are to be looked at again, whatever their tenant. */
export interface PurgeSchedule {
  /** Sees to it that a user is looked at by `at` (ms), or earlier where that was said before. */
  lookBy(tenantId: string, userId: string, at: number): Promise<void>;
  /** Those that are due first, soonest first, whether their time has come or not. */
  first(limit: number): Promise<readonly DueUser[]>;
  /** Says when to look next; nothing changes where that was brought forward meanwhile. */
  settle(due: DueUser, next: number): Promise<void>;
  /** Forgets a user that is no more to be erased. */
  drop(due: DueUser): Promise<void>;
}

/** A user that is to be looked at. */
export interface DueUser {
  readonly tenantId: string;
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly stored: Stored<typeof PurgeSchema>;
}

/**
 * The schedule in the system's own space, found by its time: tenants in which nobody is to be erased cost nothing. It is written
 * before the user, so that a crash in between makes somebody look in vain, never not at all.
 */
export function createPurgeSchedule({ system }: { readonly system: SystemStore }): PurgeSchedule {
  const record = (tenantId: string, userId: string, at: number) =>
    create(PurgeSchema, { tenantId, userId, dueTime: timestampFromMs(at) });
  return {
    async lookBy(tenantId, userId, at) {
      const wanted = record(tenantId, userId, at);
      for (;;) {
        const stored = await system.get(purges, purges.id(wanted));
        if (stored?.record.dueTime !== undefined && timestampMs(stored.record.dueTime) <= at) return;
        const write = stored === undefined ? insert(purges, wanted) : replace(purges, wanted, stored.version);
        if (await commitUnlessChanged(system, [write])) return;
      }
    },
    async first(limit) {
      const { items } = await system.page(purges, { index: "due", limit });
      return items.map((stored) => {
        const { tenantId, userId, dueTime } = stored.record;
        return { tenantId, userId, at: dueTime === undefined ? 0 : timestampMs(dueTime), stored };
      });
    },
    async settle({ tenantId, userId, stored }, next) {
      await commitUnlessChanged(system, [replace(purges, record(tenantId, userId, next), stored.version)]);
    },
    async drop({ stored }) {
      await commitUnlessChanged(system, [remove(purges, stored)]);
    },
  };
}
