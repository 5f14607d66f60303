import type { Log } from "./log.ts";

/** How long requests under way may take to finish, in milliseconds. */
const grace = 10_000;

/** A step of stopping, done one after the other. */
export interface StopStep {
  readonly name: string;
  readonly stop: () => Promise<unknown> | void;
}

/**
 * Stops the process on SIGTERM and SIGINT: each step in order, all within ten seconds, then exit 0; a second signal, or
 * running out of time, exits at once. An error that nobody caught is logged and ends the process: its state is unknown.
 */
export function stopGracefully({ log, steps }: { readonly log: Log; readonly steps: () => readonly StopStep[] }): void {
  let stopping = false;
  const exit = (code: number): void => {
    log.flush();
    // The log is written asynchronously: one turn lets it out.
    setImmediate(() => process.exit(code));
  };
  async function stop(signal: string): Promise<void> {
    if (stopping) return exit(1);
    stopping = true;
    log.info({ signal }, "stopping");
    const timer = setTimeout(() => {
      log.error("requests under way did not finish in time");
      exit(1);
    }, grace);
    timer.unref();
    for (const step of steps()) {
      try {
        await step.stop();
      } catch (error) {
        log.error({ err: error, step: step.name }, "a step of stopping failed");
      }
    }
    log.info("stopped");
    exit(0);
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "an error that nobody caught");
    exit(1);
  });
  process.on("unhandledRejection", (error) => {
    log.fatal({ err: error }, "a rejection that nobody handled");
    exit(1);
  });
}
