import { create } from "@bufbuild/protobuf";
import { LogReaderSchema } from "#gen/koder/host/store/v1/log_reader_pb.ts";
import { Conflict, type Collection, type Lease, type LogEntry, type SystemStore } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { runInBackground, type BackgroundWork } from "../background-work.ts";
import type { Log } from "../log.ts";

/** How far each reader has come. It belongs to no tenant. */
export const logReaders: Collection<typeof LogReaderSchema> = {
  name: "host_log_readers",
  schema: LogReaderSchema,
  id: (reader) => reader.name,
  events: "none",
};

/** A reader that remembers where it is. */
export interface LogReaderOptions {
  readonly system: SystemStore;
  /** Names the reader for ever: its position is kept under it. */
  readonly name: string;
  /** Where a reader begins that has never read: with the first event that there is, or with what comes from now on. */
  readonly from: "beginning" | "now";
  /**
   * Deals with events, in the order of the log. What it rejects is given again, with what came after; so is a batch after
   * which the process died: every event is given at least once, and dealing with it twice must do no harm.
   */
  readonly handle: (entries: readonly LogEntry[]) => Promise<void>;
  /** Names this process. */
  readonly holder: string;
  readonly clock: () => number;
  readonly log: Log;
  /** In milliseconds: between two looks at a log without news; how long the lease holds. */
  readonly times?: { readonly every: number; readonly lease: number };
}

const usual = { every: 200, lease: 10_000 };
const batch = 100;

/**
 * Reads the log with a durable position, in one process at a time. The lease keeps others from doing the same work; what
 * keeps the position right is its version, which a reader that lost the lease finds changed.
 */
export function runLogReader(options: LogReaderOptions): BackgroundWork {
  const { system, name, from, handle, holder, clock, log, times = usual } = options;
  const leaseName = `reader/${name}`;
  let lease: Lease | undefined;

  async function position(): Promise<{ readonly at: number; readonly version: number }> {
    const stored = await system.get(logReaders, name);
    if (stored !== undefined) return { at: Number(stored.record.position), version: stored.version };
    const at = from === "beginning" ? 0 : await system.logEnd();
    await system.commit([insert(logReaders, create(LogReaderSchema, { name, position: BigInt(at) }))], []);
    return { at, version: 1 };
  }

  async function readOn(): Promise<number> {
    const { at, version } = await position();
    const entries = await system.log(at, batch);
    const last = entries.at(-1);
    if (last === undefined) return times.every;
    await handle(entries);
    const moved = create(LogReaderSchema, { name, position: BigInt(last.position) });
    await system.commit([replace(logReaders, moved, version)], []);
    return entries.length === batch ? 0 : times.every;
  }

  async function step(): Promise<number> {
    if (lease === undefined || lease.expiresAt - clock() < times.lease / 2) {
      lease = await system.lease(leaseName, holder, times.lease);
    }
    if (lease === undefined) return times.lease / 3;
    try {
      return await readOn();
    } catch (error) {
      lease = undefined;
      if (error instanceof Conflict) return times.every; // another process reads under this name
      throw error;
    }
  }

  const work = runInBackground({ name: leaseName, step, log });
  return {
    async stop() {
      await work.stop();
      if (lease !== undefined) await system.release(lease);
      lease = undefined;
    },
  };
}
