import { Code, ConnectError } from "@connectrpc/connect";
import { sleep, type Deadline } from "./deadline.ts";
import { retryAfterMs } from "./errors.ts";

/** How often and after how long something is tried again; lengths in milliseconds. */
export interface RetryPolicy {
  /** In all; 1 means that nothing is repeated. */
  readonly attempts: number;
  /** First pause, doubled each time up to the longest. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Waits; rejects when the signal aborts before. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export const defaultRetries: RetryPolicy = { attempts: 4, firstMs: 100, longestMs: 2_000, random: Math.random, sleep };

/**
 * How long to wait after so many failed attempts, in milliseconds: between a half and the whole of the doubled pause, so that
 * clients which failed together do not come back together. What the server asked for is a minimum.
 */
export function pauseAfter({ firstMs, longestMs, random }: RetryPolicy, failed: number, askedMs: number): number {
  const whole = Math.min(firstMs * 2 ** (failed - 1), longestMs);
  // On top of what was asked: all who were turned away heard the same number.
  return askedMs + (0.5 + random() / 2) * whole;
}

/**
 * Calls `attempt` until it succeeds, until it fails in a way that a repeat would not change, or until no attempt or no time is
 * left. Rejects with the last failure.
 */
export async function repeat<T>(policy: RetryPolicy, deadline: Deadline, attempt: () => Promise<T>): Promise<T> {
  for (let failed = 1; ; failed++) {
    try {
      return await attempt();
    } catch (error) {
      const askedMs = worthRepeating(error);
      if (askedMs === undefined || failed >= policy.attempts || deadline.signal.aborted) throw error;
      const pause = pauseAfter(policy, failed, askedMs);
      const left = deadline.left();
      if (left !== undefined && left <= pause) throw error;
      const ended = await policy.sleep(pause, deadline.signal).then(
        () => false,
        () => true,
      );
      if (ended) throw error;
    }
  }
}

/**
 * Whether the same may succeed later: the server is away, or it is busy and says for how long. Gives how long it asked to wait
 * at least, in milliseconds, or undefined when a repeat makes no sense. A limit without a time, such as a body that is too
 * large, will be the same limit next time.
 */
function worthRepeating(error: unknown): number | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const asked = retryAfterMs(error);
  if (error.code === Code.Unavailable) return asked ?? 0;
  return error.code === Code.ResourceExhausted ? asked : undefined;
}
