import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * A statement that is prepared when it is first asked for, and kept. The tables could need many hundreds, a process runs some
 * dozens, and each that is prepared takes SQLite's time at the start and its memory for good.
 */
export function statement(database: DatabaseSync, sql: string): () => StatementSync {
  let prepared: StatementSync | undefined;
  return () => (prepared ??= database.prepare(sql));
}

/** A statement whose rows are arrays, one value for each column. */
export function arrayStatement(database: DatabaseSync, sql: string): () => StatementSync {
  const prepare = statement(database, sql);
  let prepared: StatementSync | undefined;
  return () => {
    if (prepared === undefined) (prepared = prepare()).setReturnArrays(true);
    return prepared;
  };
}

/** Statements by their text, each prepared when it is first asked for, and kept: for those whose text a query decides. */
export function statementsByText(database: DatabaseSync): (sql: string) => StatementSync {
  const prepared = new Map<string, StatementSync>();
  return (sql) => {
    let known = prepared.get(sql);
    if (known === undefined) prepared.set(sql, (known = database.prepare(sql)));
    return known;
  };
}
