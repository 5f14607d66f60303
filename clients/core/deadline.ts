import { Code, ConnectError } from "@connectrpc/connect";

/** By when a call must be done, and who may end it before. */
export interface Deadline {
  /** Aborts when the time is over, or when the caller gives up. */
  readonly signal: AbortSignal;
  /** Milliseconds until the time is over, at least 1; undefined when there is no limit. */
  left(): number | undefined;
}

/** The longest that a timer of JavaScript can wait, in milliseconds; beyond it would fire at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * Runs `work` under a deadline of `timeoutMs` milliseconds, or without a limit when that is not positive (as Connect has it),
 * which ends with the caller's signal, too. It covers everything that is done for the call: token, attempts and pauses.
 */
export async function underDeadline<T>(
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const limited = timeoutMs > 0;
  const length = Math.min(timeoutMs, longestTimer);
  const end = performance.now() + length;
  const controller = new AbortController();
  const passed = () =>
    controller.abort(new ConnectError("the call took longer than its deadline", Code.DeadlineExceeded));
  const timer = limited ? setTimeout(passed, length) : undefined;
  const giveUp = () => controller.abort(signal?.reason);
  if (signal?.aborted === true) giveUp();
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    return await work({
      signal: controller.signal,
      // Connect takes 0 for “no limit”.
      left: () => (limited ? Math.max(1, Math.ceil(end - performance.now())) : undefined),
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

/** Settles as `work` does, or rejects with a ConnectError once the signal aborts, whichever is first. */
export function until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  if (signal.aborted) {
    // Nobody waits for it any more; its failure is nobody's, either.
    work.catch(() => {});
    return Promise.reject(whyEnded(signal));
  }
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const end = () => reject(whyEnded(signal));
  signal.addEventListener("abort", end, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  return promise;
}

/** Waits so many milliseconds; rejects as `until` does. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.min(ms, longestTimer));
  return until(signal, promise).finally(() => clearTimeout(timer));
}

/** The error of a call that ended with this signal: DEADLINE_EXCEEDED or CANCELED. */
export function whyEnded(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}
