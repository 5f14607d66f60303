import type { LogEntry, SystemStore } from "../../store/store.ts";
import { runInBackground, type BackgroundWork } from "../background-work.ts";
import type { Log } from "../log.ts";

/** Between two looks at the log, in milliseconds. */
const usualPause = 200;
const batch = 500;

/**
 * Tells this process of every event from now on, for what it remembers of the store: each process follows for itself and
 * keeps no position. While the log cannot be read, what is remembered must run out by itself. Resolves once it follows:
 * what is read from the store after that is forgotten in time.
 */
export async function followLog({
  system,
  onEvent,
  log,
  every = usualPause,
}: {
  readonly system: SystemStore;
  readonly onEvent: (entry: LogEntry) => void;
  readonly log: Log;
  readonly every?: number;
}): Promise<BackgroundWork> {
  let at = await system.logEnd();
  return runInBackground({
    name: "log follower",
    log,
    async step() {
      const entries = await system.log(at, batch);
      for (const entry of entries) {
        onEvent(entry);
        at = entry.position;
      }
      return entries.length === batch ? 0 : every;
    },
  });
}
