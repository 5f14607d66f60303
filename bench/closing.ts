/** Waits until something has started, and notes that it must be stopped. */
export type Started = <One extends { stop(): Promise<void> }>(starting: Promise<One>) => Promise<One>;

/** Does some work, and then stops what it has started: what was started last is stopped first. */
export async function closing<Result>(work: (started: Started) => Promise<Result>): Promise<Result> {
  const running: { stop(): Promise<void> }[] = [];
  try {
    return await work(async (starting) => {
      const one = await starting;
      running.push(one);
      return one;
    });
  } finally {
    for (const one of running.toReversed()) await one.stop();
  }
}
