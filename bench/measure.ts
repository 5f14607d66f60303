import { setTimeout as pause } from "node:timers/promises";
import { connections } from "./http-client.ts";

/** How long a server rests when what requests need was made, in milliseconds: what that leaves to be done is not theirs. */
const rest = 2_000;

/** One kind of request, as a target answers it. */
export interface Case {
  /** Makes what `count` requests need, outside the measured time. */
  readonly prepare?: (count: number) => Promise<void>;
  /** One request of a worker, from 0 to `connections` − 1. Throws when the answer is not the right one. */
  readonly request: (worker: number) => Promise<void>;
}

/** What a target has used until now: CPU time in microseconds. */
export interface Usage {
  /** Of the processes of ours, or of the one server that another target is. */
  readonly server: () => number;
  /** Of the database, where it is a process of its own. */
  readonly database?: () => number;
}

/** What a round of requests cost. */
export interface Round {
  /** CPU time of the server for a request, in microseconds. */
  readonly cpu: number;
  /** CPU time of the database for a request, in microseconds; 0 where it is part of the server. */
  readonly database: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** How a round is driven. */
export interface RoundOptions {
  readonly count: number;
  /** Requests at a time; as many as there are connections unless told otherwise. */
  readonly workers?: number;
  /** What is waited for at the end, because the requests have caused it: its CPU time counts. */
  readonly settle?: () => Promise<void>;
}

/** Sends `count` requests, after a tenth as many to warm up, and tells what they cost. */
export async function measure(
  usage: Usage,
  { prepare, request }: Case,
  { count, workers = connections, settle = async () => {} }: RoundOptions,
): Promise<Round> {
  const warmUp = Math.ceil(count / 10);
  if (prepare !== undefined) {
    await prepare(count + warmUp + workers);
    await pause(rest);
  }
  await spread(warmUp, workers, request);
  await settle();
  const times: number[] = [];
  const database = usage.database ?? (() => 0);
  const before = { server: usage.server(), database: database() };
  const began = performance.now();
  await spread(count, workers, async (worker) => {
    const sent = performance.now();
    await request(worker);
    times.push(performance.now() - sent);
  });
  const seconds = (performance.now() - began) / 1000;
  await settle();
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    cpu: (usage.server() - before.server) / count,
    database: (database() - before.database) / count,
    rate: count / seconds,
    p50: at(0.5),
    p99: at(0.99),
  };
}

async function spread(count: number, workers: number, request: (worker: number) => Promise<void>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: workers }, async (_value, worker) => {
      while (left > 0) {
        left -= 1;
        await request(worker);
      }
    }),
  );
}
