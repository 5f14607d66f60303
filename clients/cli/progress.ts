import type { Terminal } from "./command.ts";

/** Shows how far long work has come. */
export interface Progress {
  /** So much of `total` is done. Cheap: call it as often as there is news. */
  update(done: number): void;
  /** Shows where it ended, and leaves the line. Idempotent. */
  end(): void;
}

/** Between two looks at a terminal, and between two lines where there is none, in milliseconds. */
const [redrawEvery, lineEvery] = [100, 10_000];
const barWidth = 24;
const clearLine = "\r\u001B[2K";

/**
 * Shows the progress of work on the error stream, so that results stay apart: on a terminal a bar in one line, otherwise a
 * line now and then. `total` is what `done` will be at the end; `clock` gives milliseconds.
 */
export function createProgress({
  err,
  label,
  total,
  clock = () => performance.now(),
}: {
  readonly err: Terminal["err"];
  readonly label: string;
  readonly total: number;
  readonly clock?: () => number;
}): Progress {
  const begun = clock();
  let done = 0;
  let shownAt = err.isTTY === true ? -Infinity : begun;
  let ended = false;

  function show(): void {
    const now = clock();
    shownAt = now;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const left = ended || share === 0 ? undefined : ((now - begun) / share) * (1 - share);
    const figures = `${number(done)} of ${number(total)}, ${Math.floor(share * 100)} %`;
    const text = `${figures}${left === undefined ? "" : `, ${duration(left)} left`}`;
    if (err.isTTY !== true) return void err.write(`${label}: ${text}\n`);
    const filled = Math.round(share * barWidth);
    const bar = `${"█".repeat(filled)}${"░".repeat(barWidth - filled)}`;
    const line = `${label} ${bar} ${text}`;
    // A line that wraps could not be drawn again.
    err.write(`${clearLine}${line.slice(0, Math.max(10, (err.columns ?? 80) - 1))}`);
  }

  return {
    update(now) {
      if (ended) return;
      done = now;
      if (clock() - shownAt >= (err.isTTY === true ? redrawEvery : lineEvery)) show();
    },
    end() {
      if (ended) return;
      ended = true;
      show();
      if (err.isTTY === true) err.write("\n");
    },
  };
}

const number = (value: number): string => value.toLocaleString("en-US");

/** `42 s`, `3 min`, `2 h`. */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds < 100) return `${seconds} s`;
  return seconds < 6_000 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3_600)} h`;
}
