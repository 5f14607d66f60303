import { buckets, type Counted } from "./counted.ts";
import { createGauges, type Gauges } from "./gauges.ts";
import type { AnsweredCall } from "./interceptors/telemetry.ts";
import { writeMetrics } from "./metrics-text.ts";

/** What the process counts, for Prometheus. */
export interface Metrics {
  readonly tell: (answered: AnsweredCall) => void;
  /** Adds to a counter without labels, one unless told otherwise; `help` is told once. */
  count(name: string, help: string, by?: number): void;
  readonly gauge: Gauges["gauge"];
  counted(): Counted;
  /** The text exposition format, version 0.0.4. */
  text(): string | Promise<string>;
}

/** What this process alone counts. */
export interface OwnMetrics extends Metrics {
  text(): string;
}

/** What was answered to calls of one method: how many with each code, and how long they took. */
interface AnsweredOf {
  readonly codes: Map<string, number>;
  readonly counts: number[];
  sum: number;
  total: number;
}

/** Counters and gauges of this process. Labels are names of methods and codes, of which there is a fixed number. */
export function createMetrics(): OwnMetrics {
  const methods = new Map<string, AnsweredOf>();
  const gauges = createGauges();
  const counters = new Map<string, { readonly help: string; value: number }>();
  const counted = (): Counted => ({
    calls: Object.fromEntries(
      [...methods].flatMap(([method, { codes }]) =>
        [...codes].map(([code, count]) => [`method="${method}",code="${code}"`, count]),
      ),
    ),
    times: Object.fromEntries([...methods].map(([method, { counts, sum, total }]) => [method, { counts, sum, total }])),
    counters: Object.fromEntries(counters),
    gauges: gauges.values(),
  });
  return {
    tell({ method, code, milliseconds }) {
      let own = methods.get(method);
      if (own === undefined) {
        methods.set(method, (own = { codes: new Map(), counts: buckets.map(() => 0), sum: 0, total: 0 }));
      }
      own.codes.set(code, (own.codes.get(code) ?? 0) + 1);
      const seconds = milliseconds / 1000;
      const bucket = buckets.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) own.counts[bucket] = (own.counts[bucket] ?? 0) + 1;
      own.sum += seconds;
      own.total += 1;
    },
    count(name, help, by = 1) {
      const known = counters.get(name);
      if (known === undefined) counters.set(name, { help, value: by });
      else known.value += by;
    },
    gauge: gauges.gauge,
    counted,
    text: () => writeMetrics(counted(), [{ labels: "", residentMemory: process.memoryUsage.rss() }]),
  };
}
