import type { LogEntry, SystemStore } from "../../store/store.ts";

/** Entries that are kept: more than a reader is behind that looks every moment. */
const mostKept = 500;

/**
 * The store with a log that the readers of one process share. Whoever looks first reads what is new, and the others are given
 * the same entries, read and decoded once. An entry never changes, and behind a position that was read nothing new appears
 * before it, so what is kept is never wrong; a reader that is far behind reads by itself. Nobody may change an entry.
 */
export function shareLog(system: SystemStore): SystemStore {
  /** What follows `floor` in the log, without a gap. */
  let kept: LogEntry[] = [];
  let floor = -1;
  const end = (): number => kept.at(-1)?.position ?? floor;

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
        const entries = await system.log(after, limit);
        keep(after, entries);
        return entries;
      }
      const own = kept.filter(({ position }) => position > after).slice(0, limit);
      const last = own.at(-1)?.position ?? after;
      if (own.length === limit) return own;
      const more = await system.log(last, limit - own.length);
      keep(last, more);
      return [...own, ...more];
    },
  };
}
