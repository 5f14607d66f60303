/**
 * Lets works that pause equally long go on together: the process wakes up once for all of them, what one of them reads of the log is
 * there for the others, and what they write shares a transaction where the store groups commits.
 */
export interface Beat {
  /** Has `resume` called within this many milliseconds, together with whoever pauses as long. What it returns takes that back. */
  pause(milliseconds: number, resume: () => void): () => void;
}

/** Makes one. An idle process may end although somebody pauses. */
export function createBeat(): Beat {
  const pausing = new Map<number, Set<() => void>>();
  return {
    pause(milliseconds, resume) {
      let together = pausing.get(milliseconds);
      if (together === undefined) {
        const all = new Set<() => void>();
        pausing.set(milliseconds, (together = all));
        setTimeout(() => {
          pausing.delete(milliseconds);
          for (const one of all) one();
        }, milliseconds).unref();
      }
      const own = together.add(resume);
      return () => void own.delete(resume);
    },
  };
}
