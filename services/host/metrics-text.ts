import { buckets, type Counted, type MethodTimes } from "./counted.ts";

/** What one process uses; `labels` as they are written, empty where there is one process only. */
export interface ProcessUse {
  readonly labels: string;
  /** Bytes. */
  readonly residentMemory: number;
}

/** Writes what was counted in the text exposition format, version 0.0.4. */
export function writeMetrics({ calls, times, counters, gauges }: Counted, processes: readonly ProcessUse[]): string {
  const lines = [
    "# HELP koder_id_calls_total Calls answered, by method and code.",
    "# TYPE koder_id_calls_total counter",
    ...Object.entries(calls).map(([labels, value]) => `koder_id_calls_total{${labels}} ${value}`),
    "# HELP koder_id_call_seconds Time from a call to its answer.",
    "# TYPE koder_id_call_seconds histogram",
    ...Object.entries(times).flatMap(([method, own]) => histogram(method, own)),
    ...Object.entries(counters).flatMap(([name, { help, value }]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} counter`,
      `${name} ${value}`,
    ]),
    ...Object.entries(gauges)
      .filter(([, { values }]) => Object.keys(values).length > 0)
      .flatMap(([name, { help, values }]) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} gauge`,
        ...Object.entries(values).map(([labels, value]) => `${name}${labels} ${value}`),
      ]),
    "# HELP process_resident_memory_bytes Resident memory of the process.",
    "# TYPE process_resident_memory_bytes gauge",
    ...processes.map(
      ({ labels, residentMemory }) =>
        `process_resident_memory_bytes${labels === "" ? "" : `{${labels}}`} ${residentMemory}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
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
