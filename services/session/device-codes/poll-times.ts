/** When device codes were last asked for. */
export interface PollTimes {
  /** Notes that a code is asked for at `now` (ms), and answers when it was before, as far as it is known here. */
  note(codeHash: string, now: number): number | undefined;
}

/**
 * Kept in the memory of a process, so that waiting costs no write: a device that asks two replicas in turn is told to slow
 * down later than it could be, and nothing else depends on it. At most `mostCodes`; those that were asked for least recently
 * are forgotten.
 */
export function createPollTimes(mostCodes = 10_000): PollTimes {
  const times = new Map<string, number>();
  return {
    note(codeHash, now) {
      const before = times.get(codeHash);
      times.delete(codeHash);
      times.set(codeHash, now);
      if (times.size > mostCodes) {
        const [oldest] = times.keys();
        if (oldest !== undefined) times.delete(oldest);
      }
      return before;
    },
  };
}
