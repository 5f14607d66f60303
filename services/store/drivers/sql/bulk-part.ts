import { fromBinary } from "@bufbuild/protobuf";
import type { BulkPosition, BulkRow } from "../../bulk-store.ts";
import { checkBulkRow, checkRecordSize, type BulkShape } from "../../check-input.ts";
import type { Collection, IndexValue } from "../../store.ts";
import { indexColumns, type IndexColumn } from "./index-columns.ts";
import { limited } from "./limited.ts";

/** A value of a row. */
export type BulkValue = IndexValue | Uint8Array | null;

/** A part of a store in SQL: what is asked, with `?` for parameters, and how rows go in. */
export interface BulkPart {
  readonly table: string;
  /** The first rows, up to a number, in order: tenant, key, number, expires, data. */
  readonly first: string;
  /** The same behind a position. */
  readonly behind: string;
  /** What `behind` wants before the limit. */
  readonly position: (at: BulkPosition) => readonly IndexValue[];
  /** Tenant and key of the last row. */
  readonly last: string;
  /** The columns that an insert fills … */
  readonly columns: readonly string[];
  /** … and what it puts there. Throws a RangeError for what cannot be kept. */
  readonly values: (row: BulkRow) => readonly BulkValue[];
}

/** How a part's table is made. */
interface Table {
  readonly table: string;
  /** The columns of what a row has; a part lacks some. */
  readonly columns: {
    readonly key?: string;
    readonly number?: string;
    readonly expires?: string;
    readonly data?: string;
  };
  readonly order: readonly string[];
  readonly shape: BulkShape;
}

/** The parts that every store has besides its collections. */
const fixed: readonly Table[] = [
  {
    table: "counters",
    columns: { key: "name", number: "value", expires: "expires" },
    order: ["tenant", "name"],
    shape: { key: "text", expiresAt: "always" },
  },
  {
    table: "outbox",
    columns: { key: "position", data: "data" },
    order: ["position"],
    shape: { key: "position", expiresAt: "never" },
  },
  {
    table: "log",
    columns: { key: "position", number: "number", data: "data" },
    order: ["position"],
    shape: { key: "position", expiresAt: "never" },
  },
  { table: "log_ends", columns: { number: "number" }, order: ["tenant"], shape: { key: "none", expiresAt: "never" } },
];

/** All parts of a store by their names. */
export function bulkParts(collections: readonly Collection[]): ReadonlyMap<string, BulkPart> {
  return new Map([...collections.map(recordPart), ...fixed.map(bulkPart)].map((part) => [part.table, part]));
}

function recordPart(collection: Collection): BulkPart {
  const indexes = indexColumns(collection);
  const part = bulkPart({
    table: collection.name,
    columns: { key: "id", number: "version", expires: "expires", data: "data" },
    order: ["tenant", "id"],
    shape: { key: "text", expiresAt: "maybe" },
  });
  return {
    ...part,
    columns: [...part.columns, ...indexes.map(({ column }) => column)],
    values: (row) => [...part.values(row), ...indexValues(collection, indexes, row)],
  };
}

/** What a record has for each index, read from its bytes. */
function indexValues(collection: Collection, indexes: readonly IndexColumn[], row: BulkRow): readonly BulkValue[] {
  const { name, schema, id } = collection;
  checkRecordSize(name, row.data);
  if (row.number < 1) throw new RangeError(`${name}: versions start at 1`);
  const record = decoded(name, () => fromBinary(schema, row.data));
  if (id(record) !== row.key) throw new RangeError(`${name}: the key of a row is not the id of its record`);
  return indexes.map(({ read }) => read(record));
}

function decoded<Result>(name: string, decode: () => Result): Result {
  try {
    return decode();
  } catch (cause) {
    throw new RangeError(`${name}: the bytes of a row are no record`, { cause });
  }
}

function bulkPart({ table, columns: { key, number, expires, data }, order, shape }: Table): BulkPart {
  const select = `SELECT tenant, ${key ?? "''"} AS "key", ${number ?? "0"} AS "number", ${expires ?? "NULL"} AS expires,
    ${data ?? "NULL"} AS data FROM "${table}"`;
  const inOrder = `ORDER BY ${order.join(", ")} ${limited}`;
  const filled: readonly (readonly [column: string | undefined, value: (row: BulkRow) => BulkValue])[] = [
    ["tenant", ({ tenantId }) => tenantId],
    [key, (row) => row.key],
    [number, (row) => row.number],
    [expires, ({ expiresAt }) => expiresAt ?? null],
    [data, (row) => row.data],
  ];
  const kept = filled.flatMap(([column, value]) => (column === undefined ? [] : [{ column, value }]));
  return {
    table,
    first: `${select} ${inOrder}`,
    behind: `${select} WHERE (${order.join(", ")}) > (${order.map(() => "?").join(", ")}) ${inOrder}`,
    position: (at) => order.map((column) => (column === "tenant" ? at.tenantId : at.key)),
    last: `SELECT tenant, ${key ?? "''"} AS "key" FROM "${table}" ORDER BY ${order.map((one) => `${one} DESC`).join(", ")}
      LIMIT 1`,
    columns: kept.map(({ column }) => column),
    values(row) {
      checkBulkRow(table, row, shape);
      return kept.map(({ value }) => value(row));
    },
  };
}

const noBytes = new Uint8Array();

/** A row from the columns of `first` and `behind`. */
export function bulkRow([tenant, key, number, expires, data]: readonly unknown[]): BulkRow {
  return {
    tenantId: tenant as string,
    key: key as string | number,
    number: number as number,
    expiresAt: (expires as number | null) ?? undefined,
    data: (data as Uint8Array | null) ?? noBytes,
  };
}
