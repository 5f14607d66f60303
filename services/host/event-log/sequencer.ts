import { LeaseLost, type Lease, type SystemStore } from "../../store/store.ts";
import { runInBackground, type BackgroundWork } from "../background-work.ts";
import type { Log } from "../log.ts";

/** Times in milliseconds. */
export interface SequencerTimes {
  /** Between two looks into an outbox that was empty. */
  readonly every: number;
  /** How long the lease holds: after a holder's death nothing is sequenced for so long. */
  readonly lease: number;
}

const usual: SequencerTimes = { every: 100, lease: 3_000 };
/** Events in one transaction: bounds how long other commits wait for it. */
const batch = 200;

/**
 * Moves events from the outbox to the log, in one process at a time: whoever has the lease. A holder that was paused beyond
 * its lease finds its fence refused by the store, so that the log has no forks; one that stops gives the lease up, and the
 * next goes on at once. `holder` names this process.
 */
export function runSequencer({
  system,
  holder,
  clock,
  log,
  times = usual,
}: {
  readonly system: SystemStore;
  readonly holder: string;
  readonly clock: () => number;
  readonly log: Log;
  readonly times?: SequencerTimes;
}): BackgroundWork {
  let lease: Lease | undefined;

  async function step(): Promise<number> {
    if (lease === undefined || lease.expiresAt - clock() < times.lease / 2) {
      lease = await system.lease("sequencer", holder, times.lease);
    }
    if (lease === undefined) return times.lease / 3;
    try {
      return (await system.sequence(lease, batch)) === batch ? 0 : times.every;
    } catch (error) {
      // Whatever it was: before the next attempt it must be known who has the lease.
      lease = undefined;
      if (error instanceof LeaseLost) return 0;
      throw error;
    }
  }

  const work = runInBackground({ name: "sequencer", step, log });
  return {
    async stop() {
      await work.stop();
      if (lease !== undefined) await system.release(lease);
      lease = undefined;
    },
  };
}
