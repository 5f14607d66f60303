import type { DatabaseSync } from "node:sqlite";
import type { BulkPosition, BulkRow } from "../../bulk-store.ts";
import { checkLimit } from "../../check-input.ts";
import { bulkParts, bulkRow, type BulkPart } from "../sql/bulk-part.ts";
import type { Collection } from "../../store.ts";
import { isTaken } from "./sqlite-error.ts";
import { statementsByText } from "./statement.ts";

/** The statements for whole rows of every part; prepared when they are first asked for. Everything is synchronous. */
export interface BulkTables {
  readonly parts: readonly string[];
  unknown(): readonly string[];
  count(part: string): number;
  rows(part: string, after: BulkPosition | undefined, limit: number): readonly BulkRow[];
  last(part: string): BulkPosition | undefined;
  /** Checks and encodes rows; what it answers inserts them, inside a transaction. */
  prepareInsert(part: string, rows: readonly BulkRow[]): () => void;
}

/** Reads and writes whole rows. */
export function bulkTables(database: DatabaseSync, collections: readonly Collection[]): BulkTables {
  const parts = bulkParts(collections);
  const prepared = statementsByText(database);
  function partOf(name: string): BulkPart {
    const part = parts.get(name);
    if (part === undefined) throw new RangeError(`the store has no part ${name}`);
    return part;
  }
  return {
    parts: [...parts.keys()],
    unknown: () =>
      prepared("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .all()
        .map((row) => row["name"] as string)
        .filter((name) => name.includes("_") && !name.startsWith("sqlite_") && !parts.has(name))
        .filter((name) => prepared(`SELECT 1 FROM "${name}" LIMIT 1`).get() !== undefined),
    count: (name) => Number(prepared(`SELECT count(*) AS rows FROM "${partOf(name).table}"`).get()?.["rows"]),
    rows(name, after, limit) {
      const { first, behind, position } = partOf(name);
      checkLimit(limit);
      const found = after === undefined ? prepared(first).all(limit) : prepared(behind).all(...position(after), limit);
      return found.map((row) => bulkRow([row["tenant"], row["key"], row["number"], row["expires"], row["data"]]));
    },
    last(name) {
      const row = prepared(partOf(name).last).get();
      return row && { tenantId: row["tenant"] as string, key: row["key"] as string | number };
    },
    prepareInsert(name, rows) {
      const { table, columns, values } = partOf(name);
      checkLimit(rows.length);
      const names = columns.map((column) => `"${column}"`).join(", ");
      const places = columns.map(() => "?").join(", ");
      const insert = prepared(`INSERT INTO "${table}" (${names}) VALUES (${places})`);
      const encoded = rows.map(values);
      return () => {
        try {
          for (const row of encoded) insert.run(...row);
        } catch (error) {
          if (!isTaken(error)) throw error;
          throw new Error(`${name}: a row to insert is there already, or breaks a unique index`, { cause: error });
        }
      };
    },
  };
}
