import type { ServiceName } from "../host/call.ts";
import { runInBackground, type BackgroundWork } from "../host/background-work.ts";
import { followLog } from "../host/event-log/log-follower.ts";
import { runSequencer } from "../host/event-log/sequencer.ts";
import type { Log } from "../host/log.ts";
import type { ServiceKeys } from "../host/service-keys.ts";
import type { ServiceModule } from "../host/service-module.ts";
import type { Store } from "../store/store.ts";
import { finishWrites } from "./finish-writes.ts";

/** How often expired records are swept, and how many at once: small batches, so that nobody waits for one. */
const sweep = { every: 60_000, batch: 500 } as const;
/** How often the public keys of the other services are read again, in milliseconds. */
const keysEvery = 10_000;

/** What a process does by itself, whoever calls it. */
export interface BackgroundParts {
  readonly store: Store | undefined;
  readonly modules: readonly ServiceModule[];
  readonly services: readonly ServiceName[];
  readonly keys: ServiceKeys;
  /** Names this process in leases. */
  readonly holder: string;
  readonly clock: () => number;
  readonly log: Log;
}

/**
 * Starts it: every process with a store follows the event log for what it remembers, and finishes the writes of its
 * services; those that serve the admin service also sequence and sweep, whichever of them has the lease.
 */
export async function startBackground(parts: BackgroundParts): Promise<readonly BackgroundWork[]> {
  const { store, modules, services, keys, holder, clock, log } = parts;
  const rereadKeys = runInBackground({
    name: "service keys",
    log,
    async step() {
      await keys.reload();
      return keysEvery;
    },
  });
  if (store === undefined) return [rereadKeys];
  const system = store.system();
  const follower = await followLog({
    system,
    log,
    onEvent(entry) {
      for (const { forget } of modules) forget?.(entry);
    },
  });
  const finishing = finishWrites({ system, modules, holder, clock, log });
  if (!services.includes("admin")) return [rereadKeys, follower, ...finishing];
  const sweeper = runInBackground({
    name: "sweeper",
    log,
    retryAfter: sweep.every,
    async step() {
      const mine = await system.lease("sweeper", holder, 2 * sweep.every);
      const swept = mine === undefined ? 0 : await system.sweep(sweep.batch);
      return swept === sweep.batch ? 0 : sweep.every;
    },
  });
  return [rereadKeys, follower, ...finishing, runSequencer({ system, holder, clock, log }), sweeper];
}
