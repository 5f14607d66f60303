import type { Counted } from "./counted.ts";

/** Values of this moment, for Prometheus. */
export interface Gauges {
  /**
   * Shows what `read` answers whenever it is asked for, and nothing while that is undefined. `help` is told once for a name;
   * labels are from a fixed number, written in our own code. The same name with the same labels again takes its place.
   */
  readonly gauge: (
    name: string,
    help: string,
    read: () => number | undefined,
    labels?: Readonly<Record<string, string>>,
  ) => void;
  /** What each shows now. */
  values(): Counted["gauges"];
}

/** Gauges of this process. */
export function createGauges(): Gauges {
  const gauges = new Map<string, { readonly help: string; readonly reads: Map<string, () => number | undefined> }>();
  return {
    gauge(name, help, read, labels = {}) {
      let known = gauges.get(name);
      if (known === undefined) gauges.set(name, (known = { help, reads: new Map() }));
      const written = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      known.reads.set(written.length === 0 ? "" : `{${written.join(",")}}`, read);
    },
    values: () =>
      Object.fromEntries(
        Array.from(gauges, ([name, { help, reads }]) => {
          const shown = Array.from(reads, ([labels, read]) => [labels, read()] as const).filter(
            (one): one is readonly [string, number] => one[1] !== undefined,
          );
          return [name, { help, values: Object.fromEntries(shown) }];
        }),
      ),
  };
}
