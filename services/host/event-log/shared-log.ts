import type { LogEntry, SystemStore } from "../../store/store.ts";

/** Entries that are kept: more than a reader is behind that looks every moment. */
const mostKept = 500;

/**
 * The store with a log that the readers of one process share. Whoever looks first reads what is new, and the others are given
 * the same entries, read and decoded once. An entry never changes, and behind a position that was read nothing new appears
 * before it, so what is kept is never wrong; a reader that is far behind reads by itself. Those who are at its end and look in one
 * turn of the event loop, or while one of them is being answered, get one answer. Nobody may change an entry.
 */
export function shareLog(system: SystemStore): SystemStore {
  /** What follows `floor` in the log, without a gap. */
  let kept: LogEntry[] = [];
  let floor = -1;
  const end = (): number => kept.at(-1)?.position ?? floor;
  /** The question that is being asked, or was answered in this turn. */
  let asked:
    | { readonly after: number; readonly limit: number; readonly answer: Promise<readonly LogEntry[]> }
    | undefined;

  async function ask(after: number, limit: number): Promise<readonly LogEntry[]> {
    if (asked?.after !== after || asked.limit < limit) {
      const answer = system.log(after, limit);
      const own = (asked = { after, limit, answer });
      const forget = (): void => {
        if (asked === own) asked = undefined;
      };
      answer.then(() => setImmediate(forget), forget);
    }
    const entries = await asked.answer;
    return entries.length > limit ? entries.slice(0, limit) : entries;
  }

  function keep(after: number, entries: readonly LogEntry[]): void {
    if (after > end() || floor < 0) [floor, kept] = [after, []];
    // Somebody else may have kept the same meanwhile.
    if (after !== end()) return;
    kept.push(...entries);
    const dropped = kept.splice(0, Math.max(0, kept.length - mostKept));
    floor = dropped.at(-1)?.position ?? floor;
  }

  return {
    ...system,
    async log(after, limit) {
      if (floor < 0 || after < floor || after >= end()) {
        const entries = await ask(after, limit);
        keep(after, entries);
        return entries;
      }
      const own = kept.filter(({ position }) => position > after).slice(0, limit);
      const last = own.at(-1)?.position ?? after;
      if (own.length === limit) return own;
      const more = await ask(last, limit - own.length);
      keep(last, more);
      return [...own, ...more];
    },
  };
}
