import type { Metrics } from "../metrics.ts";

/** Where a reader of the log is: shown while it reads here. */
export interface ReaderPlace {
  /** The last position that it has dealt with. */
  readonly position: number;
  /** When it was at the end of the log, or began, in milliseconds since the epoch. */
  readonly atEnd: number;
  /** Attempts in a row that failed. */
  readonly failures: number;
}

/** Shows where a reader is. `name` is one of a fixed number: readers are named in our own code. */
export function showReader(
  metrics: Metrics,
  name: string,
  clock: () => number,
  place: () => ReaderPlace | undefined,
): void {
  const show = (what: string, help: string, value: (place: ReaderPlace) => number): void =>
    metrics.gauge(
      `koder_id_log_reader_${what}`,
      help,
      () => {
        const now = place();
        return now && value(now);
      },
      { reader: name },
    );
  show("position", "The last position of the log that the reader has dealt with.", ({ position }) => position);
  show("lag_seconds", "Time since the reader was at the end of the log.", ({ atEnd }) => (clock() - atEnd) / 1000);
  show("failures", "Attempts in a row that the reader failed to deal with an event.", ({ failures }) => failures);
}
