import { availableParallelism } from "node:os";

/** Work that is let in so many at once, while a bounded number waits. */
export interface HashingLane {
  /** Rejects with what `full` makes when too many wait, and with the signal's reason when the caller goes while waiting. */
  readonly run: <Result>(work: () => Promise<Result>, signal?: AbortSignal) => Promise<Result>;
}

/**
 * Hashes at once. They run in libuv's pool, where RS256 signatures are made too: a hash takes some 10 ms, a signature
 * 0.4, which becomes 7 and more when hashes fill the pool (measured). So at most half of the pool, and never every core.
 */
export function hashesAtOnce(cores: number, poolSize: number): number {
  return Math.max(1, Math.min(cores - 1, Math.floor(poolSize / 2)));
}

/** `hashesAtOnce` for this machine, and for the pool that the process was started with. */
export const usualHashesAtOnce = (): number =>
  hashesAtOnce(availableParallelism(), Number(process.env["UV_THREADPOOL_SIZE"]) || 4);

/** A lane, first come, first served. Whoever goes while waiting leaves their place to others. */
export function createHashingLane({
  atOnce,
  mostWaiting,
  full,
}: {
  readonly atOnce: number;
  readonly mostWaiting: number;
  readonly full: () => Error;
}): HashingLane {
  let running = 0;
  const waiting = new Set<() => void>();

  /** Whoever finishes hands its place on, so that `running` stays. */
  function handOn(): void {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  function place(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const goAway = () => {
        waiting.delete(enter);
        reject(signal?.reason as Error);
      };
      const enter = () => {
        signal?.removeEventListener("abort", goAway);
        resolve();
      };
      waiting.add(enter);
      signal?.addEventListener("abort", goAway, { once: true });
    });
  }

  return {
    async run(work, signal) {
      signal?.throwIfAborted();
      if (running >= atOnce) {
        if (waiting.size >= mostWaiting) throw full();
        await place(signal);
      } else {
        running += 1;
      }
      try {
        return await work();
      } finally {
        handOn();
      }
    },
  };
}
