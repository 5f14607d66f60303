import type { DatabaseSync } from "node:sqlite";
import { Conflict, type Collection } from "../../store.ts";
import { encodeRow, type Row } from "../sql/encode-row.ts";
import type { CollectionTable } from "./collection-table.ts";
import type { IndexColumn } from "../sql/index-columns.ts";
import { isTaken } from "./sqlite-error.ts";
import { statement } from "./statement.ts";

/** The statements that change a collection's table, none of them prepared yet. */
export function collectionWriter(
  database: DatabaseSync,
  collection: Collection,
  columns: readonly IndexColumn[],
): CollectionTable["prepareWrite"] {
  const { name } = collection;
  const names = columns.map(({ column }) => `, "${column}"`).join("");
  const places = ", ?".repeat(columns.length);
  const assignments = columns.map(({ column }) => `, "${column}" = ?`).join("");
  const atVersion = "tenant = ? AND id = ? AND version = ? AND (expires IS NULL OR expires > ?)";

  const insert = statement(
    database,
    `INSERT INTO "${name}" (tenant, id, version, expires, data${names}) VALUES (?, ?, 1, ?, ?${places})`,
  );
  const update = statement(
    database,
    `UPDATE "${name}" SET version = version + 1, expires = ?, data = ?${assignments} WHERE ${atVersion}`,
  );
  // Naming an indexed column rewrites its index although nothing changes: each is a page more in the log.
  const updateData = statement(
    database,
    `UPDATE "${name}" SET version = version + 1, data = ? WHERE ${atVersion}
     AND expires IS ?${columns.map(({ column }) => ` AND "${column}" IS ?`).join("")}`,
  );
  const remove = statement(database, `DELETE FROM "${name}" WHERE ${atVersion}`);
  const holds = statement(database, `SELECT 1 FROM "${name}" WHERE tenant = ? AND id = ?`);
  const clear = statement(database, `DELETE FROM "${name}" WHERE tenant = ? AND id = ? AND expires <= ?`);
  const uniques = columns.flatMap(({ index, column, unique }, at) =>
    unique
      ? {
          index,
          at,
          holder: statement(database, `SELECT id FROM "${name}" WHERE tenant = ? AND "${column}" = ?`),
          clear: statement(database, `DELETE FROM "${name}" WHERE tenant = ? AND "${column}" = ? AND expires <= ?`),
        }
      : [],
  );

  /** Writes a row, if need be once expired records, which are absent, have left its id and its unique values. */
  function put(tenant: string, row: Row, now: number, run: () => void): void {
    if (succeeds(run)) return;
    clear().run(tenant, row.id, now);
    for (const unique of uniques) {
      const value = row.values[unique.at];
      if (value !== null && value !== undefined) unique.clear().run(tenant, value, now);
    }
    run();
  }
  function takenIndex(tenant: string, row: Row): string | undefined {
    return uniques.find(({ at, holder }) => {
      const value = row.values[at];
      const found = value === null || value === undefined ? undefined : holder().get(tenant, value);
      return found !== undefined && found["id"] !== row.id;
    })?.index;
  }

  function insertRow(tenant: string, row: Row, position: number, now: number): void {
    try {
      put(tenant, row, now, () => void insert().run(tenant, row.id, row.expires, row.data, ...row.values));
    } catch (error) {
      if (!isTaken(error)) throw error;
      if (holds().get(tenant, row.id) !== undefined) throw new Conflict(position, name, "exists");
      throw new Conflict(position, name, "unique", takenIndex(tenant, row));
    }
  }
  function replaceRow(tenant: string, row: Row, version: number, position: number, now: number): void {
    let { changes } = updateData().run(row.data, tenant, row.id, version, now, row.expires, ...row.values);
    if (changes === 1) return;
    const run = (): void => {
      changes = update().run(row.expires, row.data, ...row.values, tenant, row.id, version, now).changes;
    };
    try {
      put(tenant, row, now, run);
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw new Conflict(position, name, "unique", takenIndex(tenant, row));
    }
    if (changes === 0) throw new Conflict(position, name, "version");
  }

  return (tenant, write, position) => {
    if (write.kind === "delete") {
      return (now) => {
        const { changes } = remove().run(tenant, write.id, write.version, now);
        if (changes === 0) throw new Conflict(position, name, "version");
      };
    }
    const row = encodeRow(collection, columns, write.record);
    if (write.kind === "insert") return (now) => insertRow(tenant, row, position, now);
    return (now) => replaceRow(tenant, row, write.version, position, now);
  };
}

/** False when an id or a unique value is taken. */
function succeeds(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
}
