import type { Log } from "./log.ts";
import { isLatePing } from "./transport/late-ping.ts";

/** How long requests under way may take to finish, in milliseconds. */
const usualGrace = 10_000;

/** A step of stopping, done one after the other. */
export interface StopStep {
  readonly name: string;
  readonly stop: () => Promise<unknown> | void;
}

export interface GracefulOptions {
  readonly log: Log;
  readonly steps: () => readonly StopStep[];
  /** How long all steps together may take, in milliseconds; ten seconds unless told otherwise. */
  readonly grace?: number;
  /** Whether another process decides when it has been long enough: a second signal, which it got as well, does nothing. */
  readonly isWorker?: boolean;
}

/**
 * Stops the process on SIGTERM and SIGINT, or when what it answers is called: each step in order, within the time given,
 * then exit with 0 or with what a step set as `process.exitCode`; a second signal, or running out of time, exits at once.
 * An error that nobody caught is logged and ends the process: its state is unknown; but for one kind, of which it is known.
 */
export function stopGracefully({
  log,
  steps,
  grace = usualGrace,
  isWorker = false,
}: GracefulOptions): (why: string) => void {
  let stopping = false;
  const exit = (code: number | string): void => {
    log.flush();
    // The log is written asynchronously: one turn lets it out.
    setImmediate(() => process.exit(code));
  };
  async function stop(why: string): Promise<void> {
    if (stopping) return isWorker ? undefined : exit(1);
    stopping = true;
    log.info({ signal: why }, "stopping");
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
    exit(process.exitCode ?? 0);
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));
  process.on("uncaughtException", (error) => {
    if (isLatePing(error)) {
      log.debug("a peer was asked whether it is there by a connection that has ended");
      return;
    }
    log.fatal({ err: error }, "an error that nobody caught");
    exit(1);
  });
  process.on("unhandledRejection", (error) => {
    log.fatal({ err: error }, "a rejection that nobody handled");
    exit(1);
  });
  return (why) => void stop(why);
}
