import type { Log } from "./log.ts";

/** Work that goes on by itself until it is stopped. */
export interface BackgroundWork {
  /** Ends it: the step under way is finished, no other begins. */
  stop(): Promise<void>;
}

/** How long a step that failed is left alone, in milliseconds. */
const afterFailure = 1_000;

/**
 * Does one step after the other. A step answers how many milliseconds may pass until the next, or Infinity when it was the
 * last. One that fails is tried again after a second; the first failure in a row is logged, and so is that it works again.
 */
export function runInBackground({
  name,
  step,
  log,
  retryAfter = afterFailure,
}: {
  readonly name: string;
  readonly step: () => Promise<number>;
  readonly log: Log;
  readonly retryAfter?: number;
}): BackgroundWork {
  const stopping = new AbortController();
  let failing = false;
  let wake = (): void => undefined;

  async function pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      // An idle process may end although work of this kind is waiting for its turn.
      const timer = setTimeout(resolve, milliseconds).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  async function attempt(): Promise<number> {
    try {
      const next = await step();
      if (failing) log.info({ work: name }, "background work goes on again");
      failing = false;
      return next;
    } catch (error) {
      if (!failing) log.warn({ work: name, err: error }, "background work failed; it is tried again");
      failing = true;
      return retryAfter;
    }
  }
  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const next = await attempt();
      if (next === Number.POSITIVE_INFINITY) return;
      if (!stopping.signal.aborted) await pause(next);
    }
  }
  const running = run();
  return {
    stop() {
      stopping.abort();
      wake();
      return running;
    },
  };
}
