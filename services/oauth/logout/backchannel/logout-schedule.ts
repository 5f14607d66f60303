import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { LogoutScheduleSchema } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import { commitUnlessChanged } from "../../../store/commit-unless-changed.ts";
import type { PagePosition, Stored, SystemStore } from "../../../store/store.ts";
import { insert, remove, replace } from "../../../store/writes.ts";
import { logoutSchedules } from "../../collections.ts";

/** Deliveries to a client of a tenant that are to be looked at. */
export interface DueDeliveries {
  readonly tenantId: string;
  readonly clientId: string;
  readonly stored: Stored<typeof LogoutScheduleSchema>;
}

/** When the deliveries to each client are to be looked at, across all tenants. */
export interface LogoutSchedule {
  /** Sees to it that they are looked at by `at` (ms), or earlier where that was said before. Follows the delivery's commit. */
  lookBy(tenantId: string, clientId: string, at: number): Promise<void>;
  /** Those whose time has come at `now` (ms), the longest waiting first, without those of the tenants that are left out. */
  due(now: number, limit: number, isLeftOut: (tenantId: string) => boolean): Promise<readonly DueDeliveries[]>;
  /** Says when to look next, undefined for not again; changes nothing where somebody brought that forward meanwhile. */
  settle(due: DueDeliveries, next: number | undefined): Promise<void>;
}

/** Pages that are read past the tenants that are left out. */
const mostPages = 32;

/**
 * The schedule in the system's own space: one small record for each client that has deliveries waiting, found by its time,
 * so that a slow client's wait is its own and tenants without any cost nothing. It is written after the delivery that it is
 * about: whoever looks in between would else forget it. The one who writes the delivery does both again after a crash.
 */
export function createLogoutSchedule({ system }: { readonly system: SystemStore }): LogoutSchedule {
  return {
    async lookBy(tenantId, clientId, at) {
      const wanted = create(LogoutScheduleSchema, { tenantId, clientId, dueTime: timestampFromMs(at) });
      for (;;) {
        const stored = await system.get(logoutSchedules, logoutSchedules.id(wanted));
        // Written also where it is due already: whoever looks at this moment must not settle it without the new delivery.
        const before = stored?.record.dueTime === undefined ? at : timestampMs(stored.record.dueTime);
        wanted.dueTime = timestampFromMs(Math.min(at, before));
        const write =
          stored === undefined ? insert(logoutSchedules, wanted) : replace(logoutSchedules, wanted, stored.version);
        if (await commitUnlessChanged(system, [write])) return;
      }
    },
    async due(now, limit, isLeftOut) {
      const found: DueDeliveries[] = [];
      let after: PagePosition | undefined;
      for (let pages = 0; pages < mostPages && found.length < limit; pages++) {
        const query = { index: "due_time", range: { to: now + 1 }, limit } as const;
        const { items, next } = await system.page(logoutSchedules, after === undefined ? query : { ...query, after });
        for (const stored of items) {
          const { tenantId, clientId } = stored.record;
          if (!isLeftOut(tenantId)) found.push({ tenantId, clientId, stored });
        }
        if (next === undefined) break;
        after = next;
      }
      return found.slice(0, limit);
    },
    async settle({ tenantId, clientId, stored }, next) {
      const write =
        next === undefined
          ? remove(logoutSchedules, stored)
          : replace(
              logoutSchedules,
              create(LogoutScheduleSchema, { tenantId, clientId, dueTime: timestampFromMs(next) }),
              stored.version,
            );
      await commitUnlessChanged(system, [write]);
    },
  };
}
