import { createBeat, type Beat } from "./beat.ts";
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
 * last; with others of the same beat that pause as long it may be fewer. One that fails is tried again after a second; the first
 * failure in a row is logged, and so is that it works again.
 */
export function runInBackground({
  name,
  step,
  log,
  retryAfter = afterFailure,
  beat = createBeat(),
}: {
  readonly name: string;
  readonly step: () => Promise<number>;
  readonly log: Log;
  readonly retryAfter?: number;
  readonly beat?: Beat | undefined;
}): BackgroundWork {
  const stopping = new AbortController();
  let failing = false;
  let wake = (): void => undefined;

  async function pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const takeBack = beat.pause(milliseconds, resolve);
      wake = () => {
        takeBack();
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
