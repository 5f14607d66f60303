import { fromBinary, type DescMessage } from "@bufbuild/protobuf";
import { checkIndexValue, checkPageQuery, typeOfIndex } from "../../check-input.ts";
import type { Collection, IndexValue, Page, PageQuery, Stored } from "../../store.ts";
import { indexColumns } from "../sql/index-columns.ts";
import { idColumn, pageSql } from "../sql/page-query.ts";
import { collectionWriter, type PrepareWrite } from "./collection-writer.ts";
import { numberedStatement, statement, step, type SqlValue, type Statement, type Step } from "./statement.ts";

type Rows = readonly (readonly SqlValue[])[];

/** A read: what is asked, and how the rows are understood. */
export interface Read<Result> {
  readonly step: Step;
  readonly result: (rows: Rows) => Result;
}

/** The statements of one collection's table; times are milliseconds since the epoch. Throws RangeErrors for bad input. */
export interface CollectionTable {
  get(tenant: string, id: string, now: number): Read<Stored<DescMessage> | undefined>;
  getAll(tenant: string, ids: readonly string[], now: number): Read<readonly (Stored<DescMessage> | undefined)[]>;
  version(tenant: string, id: string, now: number): Read<number | undefined>;
  find(tenant: string, index: string, value: IndexValue, now: number): Read<Stored<DescMessage> | undefined>;
  page(tenant: string, query: PageQuery, now: number): Read<Page<DescMessage>>;
  readonly prepareWrite: PrepareWrite;
  /** Deletes up to `limit` records of a tenant; the count says how many. */
  deleteSome(tenant: string, limit: number): Step;
  sweep(now: number, limit: number): Step;
}

/** Prepares the statements of a collection. `shape` says which columns this version fills; see shapes.ts. */
export function collectionTable(collection: Collection, shape: number): CollectionTable {
  const { name, schema } = collection;
  const columns = indexColumns(collection);
  const alive = "(expires IS NULL OR expires > $3)";
  const select = statement(`SELECT version, data FROM "${name}" WHERE tenant = $1 AND id = $2 AND ${alive}`);
  const selectVersion = statement(`SELECT version FROM "${name}" WHERE tenant = $1 AND id = $2 AND ${alive}`);
  const some = `DELETE FROM "${name}" WHERE (tenant, id) IN (SELECT tenant, id FROM "${name}"`;
  const removeSome = statement(`${some} WHERE tenant = $1 LIMIT $2)`);
  const sweep = statement(`${some} WHERE expires <= $1 ORDER BY expires, tenant, id LIMIT $2) AND expires <= $1`);
  const byUnique = new Map(
    columns
      .filter(({ unique }) => unique)
      .map(({ index, column, read }) => [
        index,
        {
          read,
          find: statement(`SELECT version, data FROM "${name}" WHERE tenant = $1 AND "${column}" = $2 AND ${alive}`),
        },
      ]),
  );
  // As many as there are shapes of queries: a handful for each index.
  const shaped = new Map<string, Statement>();
  function shapedStatement(sql: string): Statement {
    const known = shaped.get(sql);
    if (known !== undefined) return known;
    const prepared = numberedStatement(sql);
    shaped.set(sql, prepared);
    return prepared;
  }
  const stored = (version: SqlValue | undefined, data: SqlValue | undefined): Stored<DescMessage> => ({
    record: fromBinary(schema, data as Uint8Array),
    version: version as number,
  });
  const first = ([row]: Rows): Stored<DescMessage> | undefined =>
    row === undefined ? undefined : stored(row[0], row[1]);

  return {
    get: (tenant, id, now) => ({ step: step(select, tenant, id, now), result: first }),
    getAll(tenant, ids, now) {
      const places = ids.map(() => "?").join(", ");
      const sql = `SELECT id, version, data FROM "${name}" WHERE tenant = ? AND id IN (${places}) AND (expires IS NULL OR expires > ?)`;
      return {
        step: step(shapedStatement(sql), tenant, ...ids, now),
        result: (rows) =>
          ids.map((id) => {
            const row = rows.find(([found]) => found === id);
            return row && stored(row[1], row[2]);
          }),
      };
    },
    version: (tenant, id, now) => ({
      step: step(selectVersion, tenant, id, now),
      result: ([row]) => row?.[0] as number | undefined,
    }),
    find(tenant, index, value, now) {
      const unique = byUnique.get(index);
      if (unique === undefined) throw new RangeError(`${name} has no unique index ${index}`);
      checkIndexValue(`${name}.${index}`, typeOfIndex(collection, index), value);
      return {
        step: step(unique.find, tenant, value, now),
        result(rows) {
          const found = first(rows);
          // A version that does not know the index leaves behind in it what was true before.
          return found === undefined || unique.read(found.record) !== value ? undefined : found;
        },
      };
    },
    page(tenant, query, now) {
      checkPageQuery(collection, query);
      const index = columns.find((one) => one.index === query.index);
      const { sql, values } = pageSql(name, index ?? idColumn, tenant, query, now, "");
      return {
        step: { statement: shapedStatement(sql), values },
        result(rows) {
          const given = rows.slice(0, query.limit);
          const last = given.at(-1);
          const items = given.flatMap(([, version, data, value]) => {
            const one = stored(version, data);
            return index === undefined || index.read(one.record) === value ? [one] : [];
          });
          if (rows.length <= query.limit || last === undefined) return { items };
          return { items, next: { value: last[3] as IndexValue, id: last[0] as string } };
        },
      };
    },
    prepareWrite: collectionWriter(collection, columns, shape),
    deleteSome: (tenant, limit) => step(removeSome, tenant, limit),
    sweep: (now, limit) => step(sweep, now, limit),
  };
}
