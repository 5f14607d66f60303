import type { LogEntry, SystemStore } from "../../store/store.ts";
import type { Beat } from "../beat.ts";
import { runInBackground, type BackgroundWork } from "../background-work.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { showReader } from "./reader-metrics.ts";

/** Between two looks at the log, in milliseconds. */
const usualPause = 200;
const batch = 500;

export interface LogFollowerOptions {
  readonly system: SystemStore;
  /** Names it in the metrics. */
  readonly name: string;
  readonly listeners: readonly ((entry: LogEntry) => void)[];
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly every?: number;
  readonly beat?: Beat;
}

/**
 * Tells this process of every event from now on, for what it remembers of the store: each process follows for itself and
 * keeps no position. While the log cannot be read, what is remembered must run out by itself; so it must where a listener
 * throws, which is logged and keeps neither the others nor what comes after from being told. Resolves once it follows: what
 * is read from the store after that is forgotten in time.
 */
export async function followLog({
  system,
  name,
  listeners,
  clock,
  log,
  metrics,
  every = usualPause,
  beat,
}: LogFollowerOptions): Promise<BackgroundWork> {
  let at = await system.logEnd();
  let atEnd = clock();
  showReader(metrics, name, clock, () => ({ position: at, atEnd, failures: 0 }));

  function tell(entry: LogEntry): void {
    for (const listener of listeners) {
      try {
        listener(entry);
      } catch (error) {
        log.error({ follower: name, position: entry.position, event: entry.event.id, err: error }, "an event was lost");
      }
    }
  }
  return runInBackground({
    name: `log follower ${name}`,
    log,
    beat,
    async step() {
      const looked = clock();
      const entries = await system.log(at, batch);
      for (const entry of entries) {
        tell(entry);
        at = entry.position;
      }
      if (entries.length === batch) return 0;
      atEnd = looked;
      return every;
    },
  });
}
