import { createGauges, type Gauges } from "./gauges.ts";
import type { AnsweredCall } from "./interceptors/telemetry.ts";

/** Upper bounds of the buckets of call times, in seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the process counts, for Prometheus. */
export interface Metrics {
  readonly tell: (answered: AnsweredCall) => void;
  /** Adds to a counter without labels, one unless told otherwise; `help` is told once. */
  count(name: string, help: string, by?: number): void;
  readonly gauge: Gauges["gauge"];
  /** The text exposition format, version 0.0.4. */
  text(): string;
}

interface MethodTimes {
  readonly counts: number[];
  sum: number;
  total: number;
}

/** Counters in this process. Labels are names of methods and codes, of which there is a fixed number. */
export function createMetrics(): Metrics {
  const calls = new Map<string, number>();
  const times = new Map<string, MethodTimes>();
  const gauges = createGauges();
  const counters = new Map<string, { readonly help: string; value: number }>();
  return {
    tell({ method, code, milliseconds }) {
      const key = `method="${method}",code="${code}"`;
      calls.set(key, (calls.get(key) ?? 0) + 1);
      let own = times.get(method);
      if (own === undefined) times.set(method, (own = { counts: buckets.map(() => 0), sum: 0, total: 0 }));
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
    text() {
      const lines = [
        "# HELP koder_id_calls_total Calls answered, by method and code.",
        "# TYPE koder_id_calls_total counter",
        ...Array.from(calls, ([labels, value]) => `koder_id_calls_total{${labels}} ${value}`),
        "# HELP koder_id_call_seconds Time from a call to its answer.",
        "# TYPE koder_id_call_seconds histogram",
        ...Array.from(times, ([method, own]) => histogram(method, own)).flat(),
        ...Array.from(counters, ([name, { help, value }]) => [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} counter`,
          `${name} ${value}`,
        ]).flat(),
        ...gauges.lines(),
        "# HELP process_resident_memory_bytes Resident memory of the process.",
        "# TYPE process_resident_memory_bytes gauge",
        `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
      ];
      return `${lines.join("\n")}\n`;
    },
  };
}

function histogram(method: string, { counts, sum, total }: MethodTimes): string[] {
  const name = "koder_id_call_seconds";
  let below = 0;
  const lines = buckets.map((bound, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket{method="${method}",le="${bound}"} ${below}`;
  });
  return [
    ...lines,
    `${name}_bucket{method="${method}",le="+Inf"} ${total}`,
    `${name}_sum{method="${method}"} ${sum}`,
    `${name}_count{method="${method}"} ${total}`,
  ];
}
