import type { DatabaseSync } from "node:sqlite";
import { fromBinary, type DescMessage } from "@bufbuild/protobuf";
import { checkIndexValue, checkPageQuery, typeOfIndex } from "../../check-input.ts";
import type { Collection, IndexValue, Page, PageQuery, Stored, Write } from "../../store.ts";
import { collectionWriter } from "./collection-writer.ts";
import { indexColumns } from "../sql/index-columns.ts";
import { limited } from "../sql/limited.ts";
import { idColumn, pageSql } from "../sql/page-query.ts";
import { arrayStatement, statement, statementsByText } from "./statement.ts";

/** The statements of one collection's table. Everything is synchronous; times are milliseconds since the epoch. */
export interface CollectionTable {
  get(tenant: string, id: string, now: number): Stored<DescMessage> | undefined;
  getAll(tenant: string, ids: readonly string[], now: number): readonly (Stored<DescMessage> | undefined)[];
  version(tenant: string, id: string, now: number): number | undefined;
  find(tenant: string, index: string, value: IndexValue, now: number): Stored<DescMessage> | undefined;
  page(tenant: string, query: PageQuery, now: number): Page<DescMessage>;
  /**
   * Checks and encodes a write. What it answers does the write, inside a transaction, or throws Conflict that names the
   * write as `position`.
   */
  prepareWrite(tenant: string, write: Write, position: number): (now: number) => void;
  deleteSome(tenant: string, limit: number): number;
  sweep(now: number, limit: number): number;
}

/** The statements of a collection, none of them prepared yet. */
export function collectionTable(database: DatabaseSync, collection: Collection): CollectionTable {
  const { name, schema } = collection;
  const columns = indexColumns(collection);
  const alive = "(expires IS NULL OR expires > ?)";

  const select = arrayStatement(
    database,
    `SELECT version, data FROM "${name}" WHERE tenant = ? AND id = ? AND ${alive}`,
  );
  const selectVersion = statement(database, `SELECT version FROM "${name}" WHERE tenant = ? AND id = ? AND ${alive}`);
  const removeSome = statement(
    database,
    `DELETE FROM "${name}" WHERE (tenant, id) IN (SELECT tenant, id FROM "${name}" WHERE tenant = ? ${limited})`,
  );
  const sweep = statement(
    database,
    `DELETE FROM "${name}" WHERE (tenant, id) IN (SELECT tenant, id FROM "${name}" WHERE expires <= ? ${limited})`,
  );
  const byUnique = new Map(
    columns
      .filter(({ unique }) => unique)
      .map(({ index, column }) => [
        index,
        arrayStatement(
          database,
          `SELECT version, data FROM "${name}" WHERE tenant = ? AND "${column}" = ? AND ${alive}`,
        ),
      ]),
  );
  const selectAll = statementsByText(database);
  // As many as there are shapes of queries: a handful for each index.
  const pageStatement = statementsByText(database);
  const stored = (row: Readonly<Record<string, unknown>>): Stored<DescMessage> => ({
    record: fromBinary(schema, row["data"] as Uint8Array),
    version: row["version"] as number,
  });
  /** The row of a statement for `version` and `data`, as an array: names of columns cost a tenth of a read. */
  const storedRow = (found: unknown): Stored<DescMessage> | undefined => {
    if (found === undefined) return undefined;
    const [version, data] = found as [number, Uint8Array];
    return { record: fromBinary(schema, data), version };
  };

  return {
    get(tenant, id, now) {
      return storedRow(select().get(tenant, id, now));
    },
    getAll(tenant, ids, now) {
      const places = ids.map(() => "?").join(", ");
      const rows = selectAll(
        `SELECT id, version, data FROM "${name}" WHERE tenant = ? AND id IN (${places}) AND ${alive}`,
      ).all(tenant, ...ids, now);
      return ids.map((id) => {
        const row = rows.find((one) => one["id"] === id);
        return row && stored(row);
      });
    },
    version: (tenant, id, now) => selectVersion().get(tenant, id, now)?.["version"] as number | undefined,
    find(tenant, index, value, now) {
      const unique = byUnique.get(index);
      if (unique === undefined) throw new RangeError(`${name} has no unique index ${index}`);
      checkIndexValue(`${name}.${index}`, typeOfIndex(collection, index), value);
      return storedRow(unique().get(tenant, value, now));
    },
    page(tenant, query, now) {
      checkPageQuery(collection, query);
      const by = columns.find(({ index }) => index === query.index) ?? idColumn;
      const { sql, values } = pageSql(name, by, tenant, query, now, indexHint(name, by.column));
      const rows = pageStatement(sql).all(...values);
      const items = rows.slice(0, query.limit);
      const last = items.at(-1);
      if (rows.length <= query.limit || last === undefined) return { items: items.map(stored) };
      return { items: items.map(stored), next: { value: last["value"] as IndexValue, id: last["id"] as string } };
    },
    prepareWrite: collectionWriter(database, collection, columns),
    deleteSome: (tenant, limit) => Number(removeSome().run(tenant, limit).changes),
    sweep: (now, limit) => Number(sweep().run(now, limit).changes),
  };
}

/** Without statistics the planner may take the primary key and look at all that the tenant has. */
export function indexHint(table: string, column: string): string {
  return column === "id" ? "" : `INDEXED BY "${table}.${column}"`;
}
