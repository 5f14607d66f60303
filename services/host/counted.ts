/** Upper bounds of the buckets of call times, in seconds. */
export const buckets: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long calls of one method took: how many were in each bucket, their sum in seconds, and how many there were. */
export interface MethodTimes {
  readonly counts: readonly number[];
  readonly sum: number;
  readonly total: number;
}

/** What was counted until now. Plain data, so that one process can send it to another. */
export interface Counted {
  /** By labels as they are written. */
  readonly calls: Readonly<Record<string, number>>;
  /** By method. */
  readonly times: Readonly<Record<string, MethodTimes>>;
  /** By name. */
  readonly counters: Readonly<Record<string, { readonly help: string; readonly value: number }>>;
  /** By name, then by labels as they are written, in braces; empty for none. */
  readonly gauges: Readonly<
    Record<string, { readonly help: string; readonly values: Readonly<Record<string, number>> }>
  >;
}

export const nothingCounted: Counted = { calls: {}, times: {}, counters: {}, gauges: {} };

/**
 * What two processes counted together. Of a gauge the greater: they tell of the store that they share, of how late and how far
 * they are.
 */
export function addCounted(one: Counted, other: Counted): Counted {
  return {
    calls: merged(one.calls, other.calls, (a, b) => a + b),
    times: merged(one.times, other.times, (a, b) => ({
      counts: a.counts.map((count, index) => count + (b.counts[index] ?? 0)),
      sum: a.sum + b.sum,
      total: a.total + b.total,
    })),
    counters: merged(one.counters, other.counters, (a, b) => ({ help: a.help, value: a.value + b.value })),
    gauges: merged(one.gauges, other.gauges, (a, b) => ({
      help: a.help,
      values: merged(a.values, b.values, Math.max),
    })),
  };
}

function merged<Value>(
  one: Readonly<Record<string, Value>>,
  other: Readonly<Record<string, Value>>,
  add: (a: Value, b: Value) => Value,
): Readonly<Record<string, Value>> {
  const sums = new Map(Object.entries(one));
  for (const [name, value] of Object.entries(other)) {
    const known = sums.get(name);
    sums.set(name, known === undefined ? value : add(known, value));
  }
  return Object.fromEntries(sums);
}
