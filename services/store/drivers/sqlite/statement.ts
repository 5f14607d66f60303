import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * A statement that is prepared when it is first asked for, and kept. The tables could need many hundreds, a process runs some
 * dozens, and each that is prepared takes SQLite's time at the start and its memory for good.
 */
export function statement(database: DatabaseSync, sql: string): () => StatementSync {
  let prepared: StatementSync | undefined;
  return () => (prepared ??= database.prepare(sql));
}
