import type { Lease, SystemStore } from "../store/store.ts";
import { runInBackground, type BackgroundWork } from "./background-work.ts";
import type { Log } from "./log.ts";

/** What one process at a time does for all, such as what is due by a schedule. */
export interface Duty {
  /** Names it in leases and logs, the same in every process. */
  readonly name: string;
  /** Does a part of it; answers how many milliseconds may pass until the next. Two processes that overlap do no harm. */
  readonly step: () => Promise<number>;
}

/** How long a lease holds, and how soon it is taken anew, in milliseconds. */
const lease = { holds: 30_000, renew: 15_000 } as const;

/**
 * Does a duty in this process while it has the lease. The lease keeps others from the same work; what keeps the work right
 * is that each of its commits names the versions that it read.
 */
export function runDuty({
  duty,
  system,
  holder,
  clock,
  log,
}: {
  readonly duty: Duty;
  readonly system: SystemStore;
  /** Names this process. */
  readonly holder: string;
  readonly clock: () => number;
  readonly log: Log;
}): BackgroundWork {
  let held: Lease | undefined;

  async function step(): Promise<number> {
    if (held === undefined || held.expiresAt - clock() < lease.renew) {
      held = await system.lease(`duty/${duty.name}`, holder, lease.holds);
    }
    // Half a lease is soon enough to follow a holder that died.
    return held === undefined ? lease.renew : duty.step();
  }

  const work = runInBackground({ name: duty.name, step, log });
  return {
    async stop() {
      await work.stop();
      if (held !== undefined) await system.release(held);
      held = undefined;
    },
  };
}
