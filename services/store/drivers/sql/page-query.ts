import { prefixUpperBound } from "../../prefix-bound.ts";
import type { IndexValue, PageQuery } from "../../store.ts";
import type { IndexColumn } from "./index-columns.ts";
import { limited } from "./limited.ts";

/** A page in SQL: columns id, version, data and value, one row more than the page holds when others follow. */
export interface PageSql {
  readonly sql: string;
  readonly values: readonly IndexValue[];
}

/** The column that a page is read by, and whether a tenant has each of its values once at most. */
export type PageColumn = Pick<IndexColumn, "column" | "type" | "unique">;

/** Every record has an id, once. */
export const idColumn: PageColumn = { column: "id", type: "TEXT", unique: true };

/**
 * Says a page in SQL. Text compares by its UTF-8 bytes (BINARY of SQLite, "C" of PostgreSQL), which is the order of code
 * points, and the position compares as a row value, so that a page begins where an index look-up ends. The text depends
 * on the shape of the query only, so that it can be prepared once. What is unique is not ordered by the id as well: a planner
 * would sort everything that there is for ties that there are not. `by` stands behind the table: an engine's hint. What SQLite
 * would look at to plan stands in a CAST (see `limited`).
 */
export function pageSql(
  table: string,
  { column, type, unique }: PageColumn,
  tenant: string,
  query: PageQuery,
  now: number,
  by: string,
): PageSql {
  const conditions = ["tenant = CAST(? AS TEXT)", `"${column}" IS NOT NULL`, "(expires IS NULL OR expires > ?)"];
  const values: IndexValue[] = [tenant, now];
  const want = (condition: string, ...bound: readonly IndexValue[]): void => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (query.equals !== undefined) want(`"${column}" = CAST(? AS ${type === "TEXT" ? type : "BIGINT"})`, query.equals);
  if (query.range?.from !== undefined) want(`"${column}" >= ?`, query.range.from);
  if (query.range?.to !== undefined) want(`"${column}" < ?`, query.range.to);
  if (query.prefix !== undefined) {
    want(`"${column}" >= ?`, query.prefix);
    const bound = prefixUpperBound(query.prefix);
    if (bound !== undefined) want(`"${column}" < ?`, bound);
  }
  const [direction, follows] = query.descending === true ? ["DESC", "<"] : ["ASC", ">"];
  if (query.after !== undefined) {
    if (unique) want(`"${column}" ${follows} ?`, query.after.value);
    else want(`("${column}", id) ${follows} (?, ?)`, query.after.value, query.after.id);
  }
  const ties = unique ? "" : `, id ${direction}`;
  values.push(query.limit + 1);
  return {
    sql: `SELECT id, version, data, "${column}" AS value FROM "${table}" ${by} WHERE ${conditions.join(" AND ")}
      ORDER BY "${column}" ${direction}${ties} ${limited}`,
    values,
  };
}
