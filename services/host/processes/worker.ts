import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../failure.ts";
import type { Metrics } from "../metrics.ts";
import { readServiceKeys, type ServiceKeys } from "../service-keys.ts";
import type { FromPrimary, FromWorker, Served } from "./messages.ts";

/** The process that started this one and others like it. */
export interface Primary {
  /** This worker's: 1 to KODER_ID_PROCESSES. One that takes a dead one's place has its number. */
  readonly number: number;
  /** The keys that all workers share; undefined where each reads them from files. */
  readonly serviceKeys: ServiceKeys | undefined;
  /** Lets the others see what is counted here; answers the same metrics with the text of all processes together. */
  shareMetrics(own: Metrics): Metrics;
  /** Says what to do when the primary stops its workers. */
  onStop(stop: () => void): void;
  ready(served: Served): void;
  /** Says why this worker cannot start; resolves once it is said. */
  failed(sentence: string): Promise<void>;
}

/** How long the primary may take to answer, in milliseconds. */
const patience = 5_000;

/**
 * Joins the process that started this one. A worker does not outlive its primary: when the channel between them closes,
 * node:cluster ends it.
 */
export async function joinPrimary(): Promise<Primary> {
  const welcomed = Promise.withResolvers<Extract<FromPrimary, { kind: "welcome" }>>();
  const waiting: ((text: string) => void)[] = [];
  let metrics: Metrics | undefined;
  let stop = (): void => process.exit(0); // nothing has begun
  process.on("message", (message: FromPrimary) => {
    switch (message.kind) {
      case "welcome":
        return welcomed.resolve(message);
      case "count":
        if (metrics === undefined) return undefined;
        return void say({
          kind: "counted",
          own: { counted: metrics.counted(), residentMemory: process.memoryUsage.rss() },
        });
      case "metrics":
        for (const tell of waiting.splice(0)) tell(message.text);
        return undefined;
      case "stop":
        return stop();
    }
  });

  function textOfAll(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const late = () => reject(failure(ErrorReason.UNAVAILABLE, "the primary does not answer", { retryAfter: 1 }));
    const timer = setTimeout(late, patience).unref();
    waiting.push(resolve);
    // Who asks while an answer is under way gets that one.
    if (waiting.length === 1) void say({ kind: "metrics" });
    return promise.finally(() => clearTimeout(timer));
  }

  void say({ kind: "hello" });
  const { number, serviceKeys } = await welcomed.promise;
  return {
    number,
    serviceKeys: serviceKeys === undefined ? undefined : readServiceKeys(serviceKeys),
    shareMetrics(own) {
      metrics = own;
      return { ...own, text: textOfAll };
    },
    onStop: (given) => void (stop = given),
    ready: (served) => void say({ kind: "ready", served }),
    failed: (sentence) => say({ kind: "failed", sentence }),
  };
}

/** Resolves when it is said, or cannot be: then the primary has gone, and this process goes too. */
function say(message: FromWorker): Promise<void> {
  return new Promise((resolve) => void process.send?.(message, undefined, undefined, () => resolve()));
}
