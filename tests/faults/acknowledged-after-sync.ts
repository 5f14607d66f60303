/** What a trace of system calls tells of a program that syncs a log and writes acknowledgements to standard output. */
export interface SyncReport {
  /** Writes to standard output. */
  readonly acknowledgements: number;
  /** Those that began while something written to the log was not synced, or that nothing had been synced for. */
  readonly early: readonly string[];
}

/**
 * Reads the output of `strace -f -y -e trace=write,pwrite64,fsync,fdatasync`. A sync counts once it has returned 0; a write
 * to the log counts against an acknowledgement from the moment when it begins. With `oneByOne`, each acknowledgement wants
 * a sync of its own.
 */
export function acknowledgedAfterSync(trace: string, { oneByOne }: { readonly oneByOne: boolean }): SyncReport {
  const early: string[] = [];
  let acknowledgements = 0;
  let unsynced = false;
  let synced = false;
  // A call that another thread interrupted: its end is on a later line of the same thread.
  const unfinished = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const thread = /^\d+/.exec(line)?.[0] ?? "";
    const isResumed = line.includes(" resumed>");
    const begun = isResumed ? (unfinished.get(thread) ?? "") : line;
    if (line.endsWith("<unfinished ...>")) unfinished.set(thread, line);

    if (!isResumed && /pwrite64\(\d+<[^>]*-wal>/.test(line)) unsynced = true;
    if (/f(data)?sync\(\d+<[^>]*-wal>/.test(begun) && line.endsWith("= 0")) [unsynced, synced] = [false, true];
    if (!isResumed && /\bwrite\(1</.test(line)) {
      acknowledgements += 1;
      if (unsynced || !synced) early.push(line);
      if (oneByOne) synced = false;
    }
  }
  return { acknowledgements, early };
}
