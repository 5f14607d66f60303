import { StoreUnavailable } from "../../store.ts";
import type { Connection } from "./connection.ts";
import { inWords, isRefused } from "./postgres-error.ts";

/** Sessions that are lent one at a time. */
export interface ConnectionPool {
  /**
   * Lends a session to `work`, waiting for one if need be. Rejects with StoreUnavailable ("not done", nothing was sent)
   * when none could be had in time, and with what `work` rejects with.
   */
  use<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>;
  /** Ends all sessions; those who wait are refused. */
  close(): Promise<void>;
}

/** What a pool needs to know; times in milliseconds. */
export interface PoolOptions {
  readonly connect: (onLost: () => void) => Promise<Connection>;
  readonly size: number;
  /** How long one may wait for a session. */
  readonly wait: number;
  /** How many may wait. */
  readonly mostWaiting: number;
  /** How long a session may be lent; whoever has it for longer waits for a server that does not answer. */
  readonly mostLent: number;
  readonly random: () => number;
}

interface Waiter {
  readonly until: number;
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: unknown) => void;
}

/** Pause between attempts to connect: doubles from the first to the second, in milliseconds. */
const [firstPause, longestPause] = [25, 1_000];

/**
 * Makes a pool. It connects when it is asked, remakes what is lost, and keeps no session from being used after a
 * restart of the database. Sessions that were used last are lent first, so that few stay warm.
 */
export function createConnectionPool({
  connect,
  size,
  wait,
  mostWaiting,
  mostLent,
  random,
}: PoolOptions): ConnectionPool {
  const idle: Connection[] = [];
  /** Since when each session is lent. */
  const lent = new Map<Connection, number>();
  const waiting: Waiter[] = [];
  let connecting = 0;
  let failures = 0;
  let lastFailure: unknown;
  let pause: NodeJS.Timeout | undefined;
  let closed = false;
  const watch = setInterval(lookAfter, Math.min(250, wait / 4)).unref();

  /** Gives up what took too long. */
  function lookAfter(): void {
    const now = performance.now();
    const late = waiting.findIndex(({ until }) => until > now);
    for (const { reject } of waiting.splice(0, late === -1 ? waiting.length : late)) reject(tooLate());
    for (const [connection, since] of lent) if (since + mostLent < now) connection.destroy();
  }
  function tooLate(): StoreUnavailable {
    if (lastFailure === undefined) {
      return new StoreUnavailable(`no connection to the database was free within ${wait} ms`, "not done");
    }
    const message = `the database cannot be reached: ${inWords(lastFailure)}`;
    return new StoreUnavailable(message, "not done", { cause: lastFailure });
  }

  function connectMore(): void {
    if (closed || pause !== undefined) return;
    // While the database is away one attempt at a time is enough.
    const most = failures > 0 ? 1 : waiting.length;
    while (connecting < Math.min(most, waiting.length) && connecting + idle.length + lent.size < size) {
      connecting += 1;
      void connectOne();
    }
  }
  async function connectOne(): Promise<void> {
    try {
      const connection = await connect(() => {
        // Lent ones are dropped when they come back.
        const at = idle.findIndex((one) => one.isLost());
        if (at !== -1) idle.splice(at, 1);
      });
      connecting -= 1;
      failures = 0;
      lastFailure = undefined;
      give(connection);
      connectMore();
    } catch (error) {
      connecting -= 1;
      failures += 1;
      lastFailure = error;
      if (isRefused(error)) for (const { reject } of waiting.splice(0)) reject(tooLate());
      if (closed || pause !== undefined) return;
      const longest = Math.min(longestPause, firstPause * 2 ** Math.min(failures, 10));
      pause = setTimeout(
        () => {
          pause = undefined;
          connectMore();
        },
        longest * (0.5 + random() / 2),
      );
    }
  }

  /** Hands a session to who waits longest, or keeps it. */
  function give(connection: Connection): void {
    if (connection.isLost()) return connectMore();
    if (closed) return void connection.end();
    const next = waiting.shift();
    if (next === undefined) return void idle.push(connection);
    lent.set(connection, performance.now());
    next.resolve(connection);
  }
  function take(): Connection | Promise<Connection> {
    if (closed) throw new StoreUnavailable("the store is closed", "not done");
    const free = idle.pop();
    if (free !== undefined) {
      lent.set(free, performance.now());
      return free;
    }
    if (waiting.length >= mostWaiting) {
      throw new StoreUnavailable(`${mostWaiting} requests wait for a connection to the database already`, "not done");
    }
    return new Promise((resolve, reject) => {
      waiting.push({ until: performance.now() + wait, resolve, reject });
      connectMore();
    });
  }

  return {
    async use(work) {
      const taken = take();
      const connection = taken instanceof Promise ? await taken : taken;
      try {
        return await work(connection);
      } finally {
        lent.delete(connection);
        give(connection);
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(watch);
      clearTimeout(pause);
      for (const { reject } of waiting.splice(0)) reject(new StoreUnavailable("the store is closed", "not done"));
      await Promise.all(idle.splice(0).map((connection) => connection.end()));
    },
  };
}
