import type { ServiceName } from "../host/call.ts";
import { runInBackground, type BackgroundWork } from "../host/background-work.ts";
import { createBeat } from "../host/beat.ts";
import { followLog } from "../host/event-log/log-follower.ts";
import { runLogReader } from "../host/event-log/log-reader.ts";
import { runSequencer } from "../host/event-log/sequencer.ts";
import { shareLog } from "../host/event-log/shared-log.ts";
import { createHeldLease, releasing } from "../host/held-lease.ts";
import { runDuty } from "../host/leased-work.ts";
import type { Log } from "../host/log.ts";
import type { ServiceKeys } from "../host/service-keys.ts";
import type { Metrics } from "../host/metrics.ts";
import type { ServiceModule } from "../host/service-module.ts";
import type { LogEntry, Store } from "../store/store.ts";
import { finishWrites } from "./finish-writes.ts";

/** How often expired records are swept, and how many at once: small batches, so that nobody waits for one. */
const sweep = { every: 60_000, batch: 500 } as const;
/** What is kept of the log may be a second behind: whoever needs it reads the rest there. Milliseconds. */
const readingTimes = { every: 1_000, lease: 10_000, retry: 1_000, longestRetry: 60_000 } as const;
/** How often the public keys of the other services are read again, in milliseconds. */
const keysEvery = 10_000;

/** What remembers something of the store, and drops what an event changed. */
export interface Rememberer {
  readonly forget?: (entry: LogEntry) => void;
}

/** What a process does by itself, whoever calls it. */
export interface BackgroundParts {
  readonly store: Store | undefined;
  readonly modules: readonly ServiceModule[];
  /** Who remembers something besides the modules. */
  readonly rememberers: readonly Rememberer[];
  readonly services: readonly ServiceName[];
  readonly keys: ServiceKeys;
  /** Names this process in leases. */
  readonly holder: string;
  readonly metrics: Metrics;
  readonly clock: () => number;
  readonly log: Log;
}

/**
 * Starts it: every process with a store follows the event log for what it remembers, does the duties of its services and
 * finishes their writes; those that serve the admin service also sequence and sweep, whichever of them has the lease.
 */
export async function startBackground(parts: BackgroundParts): Promise<readonly BackgroundWork[]> {
  const { store, modules, rememberers, services, keys, holder, metrics, clock, log } = parts;
  const rereadKeys = runInBackground({
    name: "service keys",
    log,
    async step() {
      await keys.reload();
      return keysEvery;
    },
  });
  if (store === undefined) return [rereadKeys];
  const system = shareLog(store.system());
  const beat = createBeat();
  const follower = await followLog({
    system,
    name: "caches",
    listeners: [...modules, ...rememberers].flatMap(({ forget }) => forget ?? []),
    clock,
    log,
    metrics,
    beat,
  });
  const duties = modules.flatMap((module) => module.duties ?? []);
  const readings = modules.flatMap((module) => module.readings ?? []);
  const reading = { system, holder, clock, log, metrics, times: readingTimes, beat } as const;
  const own = [
    rereadKeys,
    follower,
    ...duties.map((duty) => runDuty({ duty, system, holder, clock, log })),
    ...finishWrites({ system, modules, holder, clock, log, metrics, beat }),
    ...readings.map((one) => runLogReader({ ...reading, ...one })),
  ];
  if (!services.includes("admin")) return own;
  const sweeperLease = createHeldLease({ system, name: "sweeper", holder, length: 2 * sweep.every, clock });
  const sweeper = runInBackground({
    name: "sweeper",
    log,
    retryAfter: sweep.every,
    async step() {
      const swept = (await sweeperLease.hold()) === undefined ? 0 : await system.sweep(sweep.batch);
      return swept === sweep.batch ? 0 : sweep.every;
    },
  });
  return [...own, runSequencer({ system, holder, clock, log, metrics }), releasing(sweeper, sweeperLease)];
}
