import cluster, { type Worker } from "node:cluster";
import type { Log } from "../log.ts";
import { writeServiceKeys, type ServiceKeys } from "../service-keys.ts";
import type { FromPrimary, FromWorker, Served } from "./messages.ts";
import { restartPause } from "./restart-pause.ts";
import { createWorkersMetrics } from "./workers-metrics.ts";

/** Processes of one machine that serve the same ports. */
export interface Workers {
  /** Resolves when all of them serve; rejects when one of them cannot start. */
  readonly ready: Promise<Served>;
  /** Stops all of them. Rejects when one did not end as it should. */
  stop(): Promise<void>;
}

/** How long a worker may take to stop, longer than it gives itself, and to say what it counted, in milliseconds. */
const patience = { stop: 12_000, count: 1_000 } as const;
/** How long stopping all of them may take, in milliseconds. */
export const stopsWithin = 14_000;

/**
 * Starts the workers, which run the same program as this process and share its ports: node:cluster hands each connection to
 * the next of them. This process serves nothing itself. It starts a worker anew in the place of one that died, gives all of
 * them the same service keys, and adds up what they count.
 */
export function startWorkers({
  processes,
  serviceKeys,
  log,
}: {
  /** How many. */
  readonly processes: number;
  /** Keys that all workers are to have; undefined where each reads them from files. */
  readonly serviceKeys: ServiceKeys | undefined;
  readonly log: Log;
}): Workers {
  const keys = serviceKeys === undefined ? undefined : writeServiceKeys(serviceKeys);
  const ready = Promise.withResolvers<Served>();
  const serving = new Set<number>();
  const timers = new Set<NodeJS.Timeout>();
  const metrics = createWorkersMetrics();
  let started = false;
  let stopping = false;
  let counting: Promise<unknown> | undefined;

  function start(number: number, pause: number | undefined): void {
    const worker = cluster.fork();
    const began = performance.now();
    metrics.began(worker.id, number);
    worker.on("message", (message: FromWorker) => receive(worker, number, message));
    worker.on("error", (error) => log.error({ worker: number, err: error }, "a worker cannot be reached"));
    worker.once("exit", (code: number | null, signal: string | null) => {
      serving.delete(number);
      if (stopping) return;
      metrics.ended(worker.id);
      const how = signal ?? code;
      if (!started) return ready.reject(new Error(`worker ${number} ended with ${how} before it was ready`));
      const next = restartPause(pause, performance.now() - began);
      log.error(
        { worker: number, pid: worker.process.pid, ended: how, pause: next },
        "a worker died; another is started",
      );
      const timer = setTimeout(() => {
        timers.delete(timer);
        start(number, next);
      }, next);
      timers.add(timer);
    });
  }

  function receive(worker: Worker, number: number, message: FromWorker): void {
    switch (message.kind) {
      case "hello":
        return say(worker, stopping ? { kind: "stop" } : { kind: "welcome", number, serviceKeys: keys });
      case "ready":
        return joined(number, message.served);
      case "failed":
        if (!started) ready.reject(new Error(message.sentence));
        return undefined;
      case "counted":
        return metrics.tell(worker.id, message.own);
      case "metrics":
        counting ??= Promise.all(living().map(askCount)).finally(() => (counting = undefined));
        return void counting.then(() => say(worker, { kind: "metrics", text: metrics.text() }));
    }
  }

  function joined(number: number, served: Served): void {
    serving.add(number);
    if (started) return log.info({ worker: number }, "a worker serves again");
    if (serving.size < processes) return undefined;
    started = true;
    ready.resolve(served);
  }

  async function stop(): Promise<void> {
    stopping = true;
    for (const timer of timers) clearTimeout(timer);
    const unclean = await Promise.all(living().map(stopOne));
    if (unclean.some(Boolean)) throw new Error("not every worker stopped as it should");
  }

  for (let number = 1; number <= processes; number++) start(number, undefined);
  return { ready: ready.promise, stop };
}

const living = (): readonly Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);

/** Has a worker say what it counted; of one that does not answer, what it said before must do. */
async function askCount(worker: Worker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listen = ({ kind }: FromWorker) => {
    if (kind === "counted") resolve();
  };
  const timer = setTimeout(resolve, patience.count);
  worker.on("message", listen);
  worker.once("exit", resolve);
  say(worker, { kind: "count" });
  await promise;
  clearTimeout(timer);
  worker.off("message", listen);
  worker.off("exit", resolve);
}

/** Answers whether it had to be killed, or did not end well. */
async function stopOne(worker: Worker): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => worker.process.kill("SIGKILL"), patience.stop);
  worker.once("exit", (code: number | null) => resolve(code !== 0));
  say(worker, { kind: "stop" });
  const unclean = await promise;
  clearTimeout(timer);
  return unclean;
}

function say(worker: Worker, message: FromPrimary): void {
  worker.send(message, () => {}); // one that has gone is noticed by its exit
}
