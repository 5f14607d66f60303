import { connections } from "./http-client.ts";
import { cpuMicroseconds } from "./process-usage.ts";

/** One kind of request, as a target answers it. */
export interface Case {
  /** Makes what `count` requests need, outside the measured time. */
  readonly prepare?: (count: number) => Promise<void>;
  /** One request of a worker, from 0 to `connections` − 1. Throws when the answer is not the right one. */
  readonly request: (worker: number) => Promise<void>;
}

/** What a round of requests cost. */
export interface Round {
  /** CPU time of the server for a request, in microseconds. */
  readonly cpu: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Sends `count` requests over all connections, after a tenth as many to warm up, and tells what they cost the server. */
export async function measure(pid: number, { prepare, request }: Case, count: number): Promise<Round> {
  const warmUp = Math.ceil(count / 10);
  await prepare?.(count + warmUp + connections);
  await spread(warmUp, request);
  const times: number[] = [];
  const cpuBefore = cpuMicroseconds(pid);
  const began = performance.now();
  await spread(count, async (worker) => {
    const sent = performance.now();
    await request(worker);
    times.push(performance.now() - sent);
  });
  const seconds = (performance.now() - began) / 1000;
  const cpu = (cpuMicroseconds(pid) - cpuBefore) / count;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { cpu, rate: count / seconds, p50: at(0.5), p99: at(0.99) };
}

async function spread(count: number, request: (worker: number) => Promise<void>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: connections }, async (_value, worker) => {
      while (left > 0) {
        left -= 1;
        await request(worker);
      }
    }),
  );
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
