/** In milliseconds: the first pause, the longest, and how long a worker must have lived for the next to be the first. */
const [first, longest, healthy] = [100, 30_000, 60_000] as const;

/**
 * How long to wait before a worker is started in the place of one that died: twice as long each time, so that one that
 * cannot live costs little, until one has lived for a minute. `before` is the pause before the one that died, undefined
 * when it was the first in its place.
 */
export function restartPause(before: number | undefined, livedFor: number): number {
  return before === undefined || livedFor >= healthy ? first : Math.min(2 * before, longest);
}
