import { addCounted, nothingCounted, type Counted } from "../counted.ts";
import { writeMetrics } from "../metrics-text.ts";
import type { WorkerCounted } from "./messages.ts";

/** The metrics of all workers of a machine. */
export interface WorkersMetrics {
  /** A worker began; `id` is its own, `number` that of its place. */
  began(id: number, number: number): void;
  /** What a worker counted until now. */
  tell(id: number, counted: WorkerCounted): void;
  ended(id: number): void;
  /** All of it in the text exposition format. */
  text(): string;
}

/**
 * Adds up what the workers count, so that whoever asks any of them sees the machine: a scrape reaches now this worker, now
 * that one. What an ended worker had counted when it was last asked stays in the sums, because a counter that goes down
 * would be read as a restart of all of them; its gauges, which tell of this moment, go with it. Memory is told for each
 * process.
 */
export function createWorkersMetrics(): WorkersMetrics {
  const workers = new Map<number, { readonly number: number; latest: WorkerCounted | undefined }>();
  let gone: Counted = nothingCounted;
  let restarts = 0;
  return {
    began: (id, number) => void workers.set(id, { number, latest: undefined }),
    tell(id, counted) {
      const worker = workers.get(id);
      if (worker !== undefined) worker.latest = counted;
    },
    ended(id) {
      const latest = workers.get(id)?.latest;
      if (latest !== undefined) gone = addCounted(gone, { ...latest.counted, gauges: {} });
      workers.delete(id);
      restarts += 1;
    },
    text() {
      const own: Counted = {
        ...nothingCounted,
        counters: {
          koder_id_workers_ended_total: { help: "Workers that ended although nobody stopped them.", value: restarts },
        },
      };
      const told = [...workers.values()].flatMap(({ number, latest }) =>
        latest === undefined ? [] : [{ number, ...latest }],
      );
      return writeMetrics(
        told.reduce((sum, { counted }) => addCounted(sum, counted), addCounted(own, gone)),
        [
          { labels: 'process="primary"', residentMemory: process.memoryUsage.rss() },
          ...told.map(({ number, residentMemory }) => ({ labels: `process="${number}"`, residentMemory })),
        ],
      );
    },
  };
}
