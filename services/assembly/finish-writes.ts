import { logReaders, runLogReader } from "../host/event-log/log-reader.ts";
import type { BackgroundWork } from "../host/background-work.ts";
import type { Beat } from "../host/beat.ts";
import type { Log } from "../host/log.ts";
import type { Metrics } from "../host/metrics.ts";
import type { ServiceModule } from "../host/service-module.ts";
import type { SystemStore } from "../store/store.ts";

/**
 * Of the processes that serve a service, another takes over after the lease at most: nothing stays half done for longer, but
 * for what a peer that is away holds up, which is tried again every few seconds.
 */
const times = { every: 200, lease: 3_000, retry: 1_000, longestRetry: 5_000 };
const batch = 500;
/**
 * Events before the end of the log that a start looks at. What a crash cut short is among the last of them; a reader that is
 * further behind, because it is new or its peers were away, catches up while the process serves.
 */
const lookedAtAtStart = 2_000;

/** The reader of the log that finishes a service's writes. */
export const readerOf = ({ name }: Pick<ServiceModule, "name">): string => `finish-writes/${name}`;

/**
 * Lets each service finish its writes that span services, by the event log: whatever process began them, one of those that
 * serve the service ends them.
 */
export function finishWrites({
  system,
  modules,
  ...process
}: {
  readonly system: SystemStore;
  readonly modules: readonly ServiceModule[];
  /** Names this process in leases. */
  readonly holder: string;
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly beat: Beat;
}): readonly BackgroundWork[] {
  return modules.flatMap((module) => {
    const { finishWrite } = module;
    if (finishWrite === undefined) return [];
    return runLogReader({
      ...process,
      system,
      name: readerOf(module),
      from: "beginning",
      times,
      async handle(entries) {
        for (const entry of entries) await finishWrite(entry);
      },
    });
  });
}

/**
 * Finishes what a crash left behind, before the process serves: it waits for no lease, neither a reader's nor the
 * sequencer's, because finishing twice does no harm. The readers' positions stay where they are. However long the log is, a
 * start costs the same.
 */
export async function finishWritesLeftBehind(system: SystemStore, modules: readonly ServiceModule[]): Promise<void> {
  for (const module of modules) {
    const { finishWrite } = module;
    if (finishWrite === undefined) continue;
    const reader = await system.get(logReaders, readerOf(module));
    // The outbox first: what moves from there to the log meanwhile is met there again.
    for await (const entry of following((after) => system.outbox(after, batch), 0)) await finishWrite(entry);
    const recent = (await system.logEnd()) - lookedAtAtStart;
    const position = Math.max(Number(reader?.record.position ?? 0n), recent, 0);
    for await (const entry of following((after) => system.log(after, batch), position)) await finishWrite(entry);
  }
}

/** Everything behind a position, batch by batch. */
async function* following<Entry extends { readonly position: number }>(
  read: (after: number) => Promise<readonly Entry[]>,
  from: number,
): AsyncGenerator<Entry> {
  for (let after = from, isMore = true; isMore;) {
    const entries = await read(after);
    yield* entries;
    after = entries.at(-1)?.position ?? after;
    isMore = entries.length === batch;
  }
}
