import { fromBinary } from "@bufbuild/protobuf";
import type { Collection } from "../../store.ts";
import { indexColumns } from "../sql/index-columns.ts";
import type { Connection } from "./connection.ts";
import { nameOf } from "./identifiers.ts";
import { takenBy } from "./postgres-error.ts";
import { plainStep, statement, step, type Step } from "./statement.ts";

/** Rows in memory at a time, and in one transaction. */
const batch = 200;

/**
 * Fills the index columns of up to `limit` rows that a version without some of them wrote, from the records themselves;
 * answers how many it looked at. A row that changes meanwhile is left to the next call. Throws when live records break a
 * unique index, naming both.
 */
export async function fillRows(
  connection: Connection,
  collection: Collection,
  { shape, behind, limit, now }: { shape: number; behind: readonly number[]; limit: number; now: number },
): Promise<number> {
  if (behind.length === 0) return 0;
  const { name, schema } = collection;
  const columns = indexColumns(collection);
  // The literal condition is that of the partial index.
  const select = statement(
    `SELECT tenant, id, version, shape, data FROM "${name}"
     WHERE shape <> ${shape} AND shape IN (${behind.join(", ")}) LIMIT ${batch}`,
  );
  const update = statement(
    `UPDATE "${name}" SET shape = ${shape}${columns.map(({ column }, at) => `, "${column}" = $${at + 5}`).join("")}
     WHERE tenant = $1 AND id = $2 AND version = $3 AND shape = $4`,
  );
  // An expired record is absent: it must not keep a live one from a unique value.
  const clear = statement(`DELETE FROM "${name}" WHERE tenant = $1 AND id = $2 AND expires <= $3`);
  let looked = 0;
  while (looked < limit) {
    const rows = (await allOf(connection, [step(select)]))[0]?.rows ?? [];
    if (rows.length === 0) return looked;
    looked += rows.length;
    await allOf(
      connection,
      rows.map(([tenant, id]) => step(clear, tenant ?? "", id ?? "", now)),
    );
    const updates = rows.map(([tenant = "", id = "", version = 0, before = 0, data]) => {
      const record = fromBinary(schema, data as Uint8Array);
      return step(update, tenant, id, version, before, ...columns.map((column) => column.read(record)));
    });
    const filled = await connection.run([plainStep("BEGIN"), ...updates, plainStep("COMMIT")]);
    const failed = filled.find(({ error }) => error !== undefined)?.error;
    if (failed === undefined) continue;
    const index = columns.find(({ column }) => nameOf(name, column) === takenBy(failed))?.index;
    if (index === undefined) throw failed;
    await fillOneByOne(connection, updates, `records of ${name} break its unique index ${index}`);
  }
  return looked;
}

/** A value may be free by the time another row of the batch has been filled; when it is not, the index is broken. */
async function fillOneByOne(connection: Connection, updates: readonly Step[], broken: string): Promise<void> {
  let left = updates;
  while (left.length > 0) {
    const answers = await connection.run(left);
    const again = left.filter((_, at) => answers[at]?.error !== undefined);
    const other = answers.find(({ error }) => error !== undefined && takenBy(error) === undefined)?.error;
    if (other !== undefined) throw other;
    if (again.length === left.length) throw new Error(broken);
    left = again;
  }
}

async function allOf(connection: Connection, steps: readonly Step[]) {
  const answers = await connection.run(steps);
  const failed = answers.find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) throw failed;
  return answers;
}
