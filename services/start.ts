import cluster from "node:cluster";
import { ConfigurationError, loadConfig, type Config } from "./host/config.ts";
import { stopGracefully } from "./host/graceful.ts";
import { createLog, type Log } from "./host/log.ts";
import { lowerPoolPriority } from "./host/pool-priority.ts";
import type { Served } from "./host/processes/messages.ts";
import { startWorkers, stopsWithin } from "./host/processes/primary.ts";
import { joinPrimary, type Primary } from "./host/processes/worker.ts";
import { makeServiceKeys } from "./host/service-keys.ts";
import type { KoderId } from "./koder-id.ts";

/**
 * Starts the program: reads its settings, serves until it is told to stop, and exits with a sentence when it cannot start.
 * With several processes this one starts the others, which do the same in its place. Resolves once it serves, with its log; with
 * undefined when it could not start.
 */
export async function startKoderId(env: Readonly<Record<string, string | undefined>>): Promise<Log | undefined> {
  let log: Log | undefined;
  let primary: Primary | undefined;
  try {
    const config = loadConfig(env);
    log = createLog({ level: config.logLevel });
    if (config.processes > 1 && cluster.isWorker) {
      primary = await joinPrimary();
      log = log.child({ worker: primary.number });
      primary.ready(await serve(config, log, primary));
      return log;
    }
    const { url, listening, grpc, http } = await (config.processes > 1 ? lead(config, log) : serve(config, log));
    log.info({ url, ...(listening === undefined ? {} : { listening }), grpc, http }, "ready");
    if (process.stdout.isTTY) process.stdout.write(`\n  Koder ID is ready at ${url}\n\n`);
    return log;
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    if (error instanceof ConfigurationError || log === undefined) {
      process.stderr.write(`${sentence}\n`);
    } else {
      log.fatal({ err: error }, "the start failed");
      log.flush();
      if (primary === undefined) process.stderr.write(`Koder ID cannot start: ${sentence}\n`);
      else await primary.failed(sentence);
    }
    process.exitCode = 1;
    setImmediate(() => process.exit(1));
    return undefined;
  }
}

/** Serves in this process. */
async function serve(config: Config, log: Log, primary?: Primary): Promise<Served> {
  let running: KoderId | undefined;
  const isWorker = primary !== undefined;
  const stop = stopGracefully({ log, steps: () => running?.stopSteps ?? [], isWorker });
  primary?.onStop(() => stop("primary"));
  // What serves is read only by a process that does: the one that leads the others has no need of it.
  const { createKoderId } = await import("./koder-id.ts");
  running = await createKoderId({ config, log, primary });
  await lowerPoolPriority(log);
  const { url, listening, grpc, http } = running;
  return { url, listening, grpc, http };
}

/** Has other processes serve. */
async function lead(config: Config, log: Log): Promise<Served> {
  const workers = startWorkers({
    processes: config.processes,
    serviceKeys: config.serviceKeys === undefined ? makeServiceKeys() : undefined,
    log,
  });
  async function stop(): Promise<void> {
    try {
      await workers.stop();
    } catch (error) {
      process.exitCode = 1;
      throw error;
    }
  }
  stopGracefully({ log, grace: stopsWithin, steps: () => [{ name: "workers", stop }] });
  return workers.ready;
}
