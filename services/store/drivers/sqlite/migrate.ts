import type { DatabaseSync } from "node:sqlite";
import type { Collection } from "../../store.ts";
import { fillColumns } from "./fill-columns.ts";
import { indexColumns, type IndexColumn } from "../sql/index-columns.ts";

/** "KOID": tells our files from others'. */
const applicationId = 0x4b4f4944;
/** Number of the layout of the tables around the collections. */
const layout = 1;

/**
 * Brings a database forward to what the collections declare: tables and index columns are added, and nothing is ever taken
 * away, so that an older version can open the file again. All in one transaction.
 *
 * The table `schema` records each index column and whether the version that opened the file last kept it filled. Columns
 * that it did not, because they are new or because an older version was at work in between, are filled from the records.
 *
 * Throws when the file is another program's or a newer version's, when an index changed its type, and when records that
 * are there break an index that became unique.
 */
export function migrate(database: DatabaseSync, collections: readonly Collection[], now: number): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    claim(database);
    database.exec(`
      CREATE TABLE IF NOT EXISTS "schema" (
        collection TEXT NOT NULL, "column" TEXT NOT NULL, type TEXT NOT NULL, filled INTEGER NOT NULL,
        PRIMARY KEY (collection, "column")
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS counters (
        tenant TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, expires INTEGER NOT NULL,
        PRIMARY KEY (tenant, name)
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS "counters.expires" ON counters (expires);
      CREATE TABLE IF NOT EXISTS outbox (
        position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, data BLOB NOT NULL
      );
      CREATE TABLE IF NOT EXISTS log (
        position INTEGER PRIMARY KEY, tenant TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL
      );
      CREATE UNIQUE INDEX IF NOT EXISTS "log.number" ON log (tenant, number);
      CREATE TABLE IF NOT EXISTS log_ends (tenant TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS leases (
        name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence INTEGER NOT NULL, expires INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS health (id INTEGER PRIMARY KEY, time INTEGER NOT NULL);
    `);
    for (const collection of collections) migrateCollection(database, collection, now);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function claim(database: DatabaseSync): void {
  const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  const [owner, version] = [pragma("application_id"), pragma("user_version")];
  if (owner === applicationId && version === layout) return;
  const tables = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.["tables"];
  if (tables !== 0 && owner !== applicationId) throw new Error("the file is a database of another program");
  if (version > layout) {
    throw new Error(`the file was written by a newer version (layout ${version}, this one knows ${layout})`);
  }
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${layout};`);
}

function migrateCollection(database: DatabaseSync, collection: Collection, now: number): void {
  const { name } = collection;
  // A dot is in no name of a collection, so that tables and indexes cannot meet in the one name space they share.
  database.exec(`
    CREATE TABLE IF NOT EXISTS "${name}" (
      tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, expires INTEGER, data BLOB NOT NULL,
      PRIMARY KEY (tenant, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS "${name}.expires" ON "${name}" (expires) WHERE expires IS NOT NULL;
  `);
  const columns = indexColumns(collection);
  fillColumns(database, collection, addColumns(database, name, columns), now);
  for (const { column, unique } of columns) {
    createIndex(
      database,
      `${name}.${column}`,
      unique,
      `"${name}" (tenant, "${column}"${unique ? "" : ", id"})`,
      column,
    );
  }
}

/**
 * Makes an index of the records that have a value, which are all that it is asked for: one that has none is no page more in
 * the log. Earlier versions made theirs of all records; such an index is made anew, and does for them as well.
 */
function createIndex(database: DatabaseSync, index: string, unique: boolean, on: string, column: string): void {
  const sql = `CREATE ${unique ? "UNIQUE " : ""}INDEX "${index}" ON ${on} WHERE "${column}" IS NOT NULL`;
  const there = database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?").get(index)?.["sql"];
  if (there === sql) return;
  if (there !== undefined) database.exec(`DROP INDEX "${index}"`);
  database.exec(sql);
}

/** Adds the columns that are missing and records who is filled from now on; answers those that must be filled. */
function addColumns(database: DatabaseSync, name: string, columns: readonly IndexColumn[]): readonly IndexColumn[] {
  const known = new Map(
    database
      .prepare(`SELECT "column", type, filled FROM "schema" WHERE collection = ?`)
      .all(name)
      .map((row) => [row["column"], row]),
  );
  const record = database.prepare(`
    INSERT INTO "schema" (collection, "column", type, filled) VALUES (?, ?, ?, ?)
    ON CONFLICT (collection, "column") DO UPDATE SET filled = excluded.filled`);
  const toFill = columns.filter(({ index, column, type }) => {
    const before = known.get(column);
    known.delete(column);
    if (before !== undefined && before["type"] !== type) {
      throw new Error(`the index ${index} of ${name} cannot change its type: give the new one another name`);
    }
    if (before?.["filled"] === 1) return false;
    if (before === undefined) database.exec(`ALTER TABLE "${name}" ADD COLUMN "${column}" ${type}`);
    record.run(name, column, type, 1);
    return true;
  });
  for (const [column, before] of known) {
    if (before["filled"] === 1) record.run(name, column as string, before["type"] as string, 0);
  }
  return toFill;
}
