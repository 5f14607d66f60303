import { buckets, type Counted } from "./counted.ts";
import type { AnsweredCall } from "./interceptors/telemetry.ts";
import { writeMetrics } from "./metrics-text.ts";

/** What the process counts, for Prometheus. */
export interface Metrics {
  readonly tell: (answered: AnsweredCall) => void;
  /** Adds to a counter without labels; `help` is told once. */
  count(name: string, help: string): void;
  counted(): Counted;
  /** The text exposition format, version 0.0.4. */
  text(): string | Promise<string>;
}

/** Counters in this process. Labels are names of methods and codes, of which there is a fixed number. */
export function createMetrics(): Metrics {
  const calls = new Map<string, number>();
  const times = new Map<string, { counts: number[]; sum: number; total: number }>();
  const counters = new Map<string, { readonly help: string; value: number }>();
  const counted = (): Counted => ({
    calls: Object.fromEntries(calls),
    times: Object.fromEntries(times),
    counters: Object.fromEntries(counters),
  });
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
    count(name, help) {
      const known = counters.get(name);
      if (known === undefined) counters.set(name, { help, value: 1 });
      else known.value += 1;
    },
    counted,
    text: () => writeMetrics(counted(), [{ labels: "", residentMemory: process.memoryUsage.rss() }]),
  };
}
