import { create } from "@bufbuild/protobuf";
import { LogReaderSchema } from "#gen/koder/host/store/v1/log_reader_pb.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Collection, LogEntry, SystemStore } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import type { Beat } from "../beat.ts";
import { runInBackground, type BackgroundWork } from "../background-work.ts";
import { createHeldLease, releasing } from "../held-lease.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { showReader, type ReaderPlace } from "./reader-metrics.ts";

/** How far each reader has come. It belongs to no tenant. */
export const logReaders: Collection<typeof LogReaderSchema> = {
  name: "host_log_readers",
  schema: LogReaderSchema,
  id: (reader) => reader.name,
  events: "none",
};

/** Times in milliseconds. */
export interface LogReaderTimes {
  /** Between two looks at a log without news. */
  readonly every: number;
  /** How long the lease holds: after a holder's death nothing is read for so long and a third of it. */
  readonly lease: number;
  /** Pause after the first failure; it doubles with each in a row … */
  readonly retry: number;
  /** … up to this. */
  readonly longestRetry: number;
}

/** A reader that remembers where it is. */
export interface LogReaderOptions {
  readonly system: SystemStore;
  /** Names the reader for ever: its position is kept under it. */
  readonly name: string;
  /**
   * Where a reader begins that has never read: with the first event that there is, or with what enters the log from now on.
   * An event that waited in the outbox at that moment enters it later.
   */
  readonly from: "beginning" | "now";
  /**
   * Deals with events, in the order of the log. A batch after which the process died, or that it rejects, is given again:
   * every event is given at least once, and dealing with it twice must do no harm. A process that was paused may come back
   * with what another has dealt with since; where that matters, `number` and `resource_version` tell what is older. It must
   * come to an end by itself: while it is at work, nobody else takes over.
   */
  readonly handle: (entries: readonly LogEntry[]) => Promise<void>;
  /** Names this process. */
  readonly holder: string;
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly times?: LogReaderTimes;
  readonly beat?: Beat;
}

const usual: LogReaderTimes = { every: 200, lease: 10_000, retry: 1_000, longestRetry: 60_000 };
const batch = 100;

/** Another process reads under the same name: what it does counts. */
class Overtaken extends Error {}

/**
 * Reads the log with a durable position, in one process at a time. The lease keeps others from doing the same work; what
 * keeps the position right is its version, which a reader that lost the lease finds changed.
 *
 * What `handle` rejects is never passed over, because those who come after it in the log may build on it: from the failed
 * batch on, events are given one by one, so that all before the one in question are dealt with; that one is tried again
 * after a pause that grows, each time with a line in the log that names it, and the metrics show that the reader stands.
 */
export function runLogReader(options: LogReaderOptions): BackgroundWork {
  const { system, name, from, handle, holder, clock, log, metrics, times = usual, beat } = options;
  const leaseName = `reader/${name}`;
  const lease = createHeldLease({ system, name: leaseName, holder, length: times.lease, clock });
  let place: ReaderPlace | undefined;
  /** The position as it is kept, under the lease with this fence: while that holds, nobody else changes it. */
  let kept: { readonly at: number; readonly version: number; readonly fence: number } | undefined;
  /** The end of the last batch that failed: up to there events are given one by one. */
  let failedUpTo = 0;
  showReader(metrics, name, clock, () => {
    const held = lease.current();
    return held !== undefined && clock() < held.expiresAt ? place : undefined;
  });

  async function position(fence: number): Promise<{ readonly at: number; readonly version: number }> {
    if (kept?.fence === fence) return kept;
    const stored = await system.get(logReaders, name);
    const at =
      stored === undefined ? (from === "beginning" ? 0 : await system.logEnd()) : Number(stored.record.position);
    if (stored === undefined) await save(at, undefined);
    kept = { at, version: stored?.version ?? 1, fence };
    return kept;
  }
  async function save(at: number, version: number | undefined): Promise<void> {
    const record = create(LogReaderSchema, { name, position: BigInt(at) });
    const write = version === undefined ? insert(logReaders, record) : replace(logReaders, record, version);
    if (!(await commitUnlessChanged(system, [write], []))) throw new Overtaken();
  }
  /** Keeps the lease while a batch takes its time, so that nobody else begins with the same. */
  async function whileHolding(work: () => Promise<void>): Promise<void> {
    let renewal = Promise.resolve();
    const timer = setInterval(() => {
      // One that fails is followed by another; whether the lease was lost shows when the position is saved.
      renewal = renewal.then(lease.renew).catch(() => undefined);
    }, times.lease / 3).unref();
    try {
      await work();
    } finally {
      clearInterval(timer);
      await renewal;
    }
  }

  async function readOn(fence: number): Promise<number> {
    const { at, version } = await position(fence);
    const looked = clock();
    if (place?.position !== at) place = { position: at, atEnd: place?.atEnd ?? looked, failures: 0 };
    const limit = at < failedUpTo ? 1 : batch;
    const entries = await system.log(at, limit);
    const last = entries.at(-1)?.position ?? at;
    if (last > at) {
      try {
        await whileHolding(() => handle(entries));
      } catch (error) {
        failedUpTo = Math.max(failedUpTo, last);
        return failed(entries, place.failures + 1, error);
      }
      await save(last, version);
      kept = { at: last, version: version + 1, fence };
    }
    place = { position: last, atEnd: entries.length < limit ? looked : place.atEnd, failures: 0 };
    return entries.length === limit ? 0 : times.every;
  }
  /** Answers how long to wait. */
  function failed(entries: readonly LogEntry[], failures: number, error: unknown): number {
    if (place !== undefined) place = { ...place, failures };
    const [{ position: at, tenantId, number, event } = {}] = entries as readonly Partial<LogEntry>[];
    const fields = { reader: name, position: at, tenantId, number, event: event?.id, err: error };
    if (entries.length > 1) {
      log.warn(fields, "a reader of the event log failed at a batch from here on; it goes on one by one");
      return times.retry;
    }
    const pause = Math.min(times.longestRetry, times.retry * 2 ** Math.min(failures - 1, 30));
    log.error({ ...fields, failures, pause }, "a reader of the event log stands before this event; it is tried again");
    return pause;
  }

  async function step(): Promise<number> {
    const held = await lease.hold();
    if (held === undefined) return times.lease / 3;
    try {
      return await readOn(held.fence);
    } catch (error) {
      lease.drop();
      kept = undefined;
      if (error instanceof Overtaken) return times.every;
      throw error;
    }
  }

  return releasing(runInBackground({ name: leaseName, step, log, beat }), lease);
}
