import { timestampMs } from "@bufbuild/protobuf/wkt";
import { LeaseLost, type SystemStore } from "../../store/store.ts";
import { runInBackground, type BackgroundWork } from "../background-work.ts";
import { createHeldLease, releasing } from "../held-lease.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";

/** Times in milliseconds. */
export interface SequencerTimes {
  /** Between two looks into an outbox that was empty. */
  readonly every: number;
  /** How long the lease holds: after a holder's death nothing is sequenced for so long and a third of it. */
  readonly lease: number;
}

const usual: SequencerTimes = { every: 100, lease: 3_000 };
/** For how long an event may wait at the head of the outbox before somebody has to look, and until that is said again. */
const longWait = 30_000;
/** Events in one transaction: bounds how long other commits wait for it. */
const batch = 200;

/**
 * Moves events from the outbox to the log, in one process at a time: whoever has the lease. A holder that was paused beyond
 * its lease finds its fence refused by the store, so that the log has no forks; one that stops gives the lease up, and
 * another goes on within a third of its length. `holder` names this process.
 *
 * Those without the lease look at what waits as well, so that an outbox that nobody empties is seen in the metrics, and said.
 */
export function runSequencer({
  system,
  holder,
  clock,
  log,
  metrics,
  times = usual,
}: {
  readonly system: SystemStore;
  readonly holder: string;
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly times?: SequencerTimes;
}): BackgroundWork {
  const lease = createHeldLease({ system, name: "sequencer", holder, length: times.lease, clock });
  /** When the oldest event in the outbox happened, in milliseconds since the epoch; undefined when it was empty. */
  let waitingSince: number | undefined;
  const sequenced = (count: number): void =>
    metrics.count("koder_id_events_sequenced_total", "Events that this process moved to the log.", count);
  sequenced(0);
  metrics.gauge("koder_id_sequencer_has_lease", "1 while this process is the one that sequences.", () =>
    lease.current() === undefined ? 0 : 1,
  );
  metrics.gauge("koder_id_sequencer_lag_seconds", "Age of the oldest event that is not in the log yet.", () =>
    waitingSince === undefined ? 0 : Math.max(0, clock() - waitingSince) / 1000,
  );

  /** The head of the outbox, and since when it was that; by the same clock, whatever the event says. */
  let head: { readonly position: number; readonly since: number } | undefined;
  function tellOfLongWait(position: number | undefined): void {
    const now = clock();
    if (position === undefined) {
      head = undefined;
    } else if (head?.position !== position || now < head.since) {
      head = { position, since: now };
    } else if (now - head.since > longWait) {
      log.warn(
        { holder, position, seconds: Math.round((now - head.since) / 1000), hasLease: lease.current() !== undefined },
        "no event enters the log: another process has the lease of the sequencer, or what it does fails",
      );
      head = { position, since: now };
    }
  }

  async function step(): Promise<number> {
    const [oldest] = await system.outbox(0, 1);
    tellOfLongWait(oldest?.position);
    waitingSince = oldest && (oldest.event.time ? timestampMs(oldest.event.time) : clock());
    const held = await lease.hold();
    if (held === undefined) return times.lease / 3;
    if (oldest === undefined) return times.every;
    try {
      const moved = await system.sequence(held, batch);
      sequenced(moved);
      if (moved === batch) return 0;
      waitingSince = undefined;
      return times.every;
    } catch (error) {
      // Whatever it was: before the next attempt it must be known who has the lease.
      lease.drop();
      if (!(error instanceof LeaseLost)) throw error;
      log.warn({ holder, err: error }, "the lease of the sequencer has passed to another process");
      return 0;
    }
  }

  return releasing(runInBackground({ name: "sequencer", step, log }), lease);
}
