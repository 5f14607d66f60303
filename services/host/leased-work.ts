import type { SystemStore } from "../store/store.ts";
import { runInBackground, type BackgroundWork } from "./background-work.ts";
import { createHeldLease, releasing } from "./held-lease.ts";
import type { Log } from "./log.ts";

/** What one process at a time does for all, such as what is due by a schedule. */
export interface Duty {
  /** Names it in leases and logs, the same in every process. */
  readonly name: string;
  /** Does a part of it; answers how many milliseconds may pass until the next. Two processes that overlap do no harm. */
  readonly step: () => Promise<number>;
  /** How long its lease holds, in milliseconds, 30 s if not given: nobody does it for so long and half of it after a death. */
  readonly lease?: number;
}

const usualLease = 30_000;

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
  const length = duty.lease ?? usualLease;
  const lease = createHeldLease({ system, name: `duty/${duty.name}`, holder, length, clock });

  async function step(): Promise<number> {
    // Half a lease is soon enough to follow a holder that died.
    return (await lease.hold()) === undefined ? length / 2 : duty.step();
  }

  return releasing(runInBackground({ name: duty.name, step, log }), lease);
}
