import type { DatabaseSync } from "node:sqlite";
import { fromBinary } from "@bufbuild/protobuf";
import type { Collection } from "../../store.ts";
import type { IndexColumn } from "../sql/index-columns.ts";

/** Records in memory at a time. */
const batch = 1_000;

/**
 * Fills index columns of every record from the record itself. What is in them is dropped first: a version that does not
 * know a column leaves behind what was true before it.
 */
export function fillColumns(
  database: DatabaseSync,
  { name, schema }: Collection,
  columns: readonly IndexColumn[],
  now: number,
): void {
  if (columns.length === 0) return;
  // An expired record is absent: it must not keep a live one from a unique value.
  database.prepare(`DELETE FROM "${name}" WHERE expires <= ?`).run(now);
  database.exec(`UPDATE "${name}" SET ${columns.map(({ column }) => `"${column}" = NULL`).join(", ")}`);
  const select = database.prepare(
    `SELECT tenant, id, data FROM "${name}" WHERE (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ${batch}`,
  );
  const update = database.prepare(
    `UPDATE "${name}" SET ${columns.map(({ column }) => `"${column}" = ?`).join(", ")} WHERE tenant = ? AND id = ?`,
  );
  for (let after = ["", ""]; ;) {
    const rows = select.all(...after) as { tenant: string; id: string; data: Uint8Array }[];
    for (const { tenant, id, data } of rows) {
      const record = fromBinary(schema, data);
      update.run(...columns.map((column) => column.read(record)), tenant, id);
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = [last.tenant, last.id];
  }
}
