import { Conflict, type Collection, type Write } from "../../store.ts";
import { encodeRow, type Row } from "../sql/encode-row.ts";
import type { IndexColumn } from "../sql/index-columns.ts";
import type { Answer } from "./connection.ts";
import { nameOf } from "./identifiers.ts";
import { isTransient, takenBy } from "./postgres-error.ts";
import { statement, step, type Step } from "./statement.ts";

/** One write of a commit, encoded: how it is sent, and what its answer means. */
export interface PreparedWrite {
  readonly kind: Write["kind"];
  readonly collection: string;
  readonly id: string;
  /** What is sent; `now` in milliseconds since the epoch. */
  readonly step: (now: number) => Step;
  /**
   * Why it was refused: undefined when it was done. Expired records are not told from live ones. Throws every error
   * that is no refusal.
   */
  readonly refusal: (answer: Answer) => Conflict | undefined;
  /** Whether an expired record may be what is in its way. */
  readonly mayMeetExpired: boolean;
  /** Whether other writes of the commit may free what it takes, so that their order matters. */
  readonly takesUnique: boolean;
  /** Removes expired records from its id and its unique values. */
  readonly clear: (now: number) => readonly Step[];
  /** Asks for live records on its id and its unique values … */
  readonly holders: (now: number) => readonly Step[];
  /** … and says whether one is in its way. */
  readonly refusedBy: (answers: readonly Answer[]) => Conflict | undefined;
}

/** Prepares writes of a collection; `position` is the write's place in its commit. Throws a RangeError for bad records. */
export type PrepareWrite = (tenant: string, write: Write, position: number) => PreparedWrite;

/** Prepares the statements that change a collection's table. `shape` says which columns this version fills. */
export function collectionWriter(collection: Collection, columns: readonly IndexColumn[], shape: number): PrepareWrite {
  const { name } = collection;
  const places = columns.map((_, index) => `, $${index + 5}`).join("");
  const alive = "(expires IS NULL OR expires > $3)";
  const insert = statement(
    `INSERT INTO "${name}" (tenant, id, version, shape, expires, data${columns.map(({ column }) => `, "${column}"`).join("")})
     VALUES ($1, $2, 1, ${shape}, $3, $4${places})`,
  );
  const update = statement(
    `UPDATE "${name}" SET version = version + 1, shape = ${shape}, expires = $5, data = $6
     ${columns.map(({ column }, index) => `, "${column}" = $${index + 7}`).join("")}
     WHERE tenant = $1 AND id = $2 AND version = $4 AND ${alive}`,
  );
  const remove = statement(`DELETE FROM "${name}" WHERE tenant = $1 AND id = $2 AND version = $4 AND ${alive}`);
  const holds = statement(`SELECT id FROM "${name}" WHERE tenant = $1 AND id = $2 AND ${alive}`);
  const clear = statement(`DELETE FROM "${name}" WHERE tenant = $1 AND id = $2 AND expires <= $3`);
  const uniques = columns.flatMap(({ index, column, unique }, at) =>
    unique
      ? {
          index,
          at,
          constraint: nameOf(name, column),
          holds: statement(`SELECT id FROM "${name}" WHERE tenant = $1 AND "${column}" = $2 AND ${alive}`),
          clear: statement(`DELETE FROM "${name}" WHERE tenant = $1 AND "${column}" = $2 AND expires <= $3`),
        }
      : [],
  );
  const expires = collection.expiresAt !== undefined;
  const byKey = nameOf(name, "key");

  function refused(answer: Answer, position: number): Conflict | undefined {
    const { error, count } = answer;
    if (error === undefined) return count === 1 ? undefined : new Conflict(position, name, "version");
    const constraint = takenBy(error);
    if (constraint === undefined || isTransient(error)) throw error;
    if (constraint === byKey) return new Conflict(position, name, "exists");
    return new Conflict(position, name, "unique", uniques.find((one) => one.constraint === constraint)?.index);
  }
  /** The unique values of a row, with their statements. */
  function values(row: Row) {
    return uniques.flatMap((unique) => {
      const value = row.values[unique.at];
      return value === null || value === undefined ? [] : [{ unique, value }];
    });
  }

  return (tenant, write, position) => {
    const refusal = (answer: Answer): Conflict | undefined => refused(answer, position);
    if (write.kind === "delete") {
      const { kind, id, version } = write;
      return {
        kind,
        collection: name,
        id,
        step: (now) => step(remove, tenant, id, now, version),
        refusal,
        mayMeetExpired: false,
        // What it deletes may be what another write takes.
        takesUnique: uniques.length > 0,
        clear: () => [],
        holders: () => [],
        refusedBy: () => undefined,
      };
    }
    const row = encodeRow(collection, columns, write.record);
    const { id } = row;
    const taken = values(row);
    return {
      kind: write.kind,
      collection: name,
      id,
      step:
        write.kind === "insert"
          ? () => step(insert, tenant, id, row.expires, row.data, ...row.values)
          : (now) => step(update, tenant, id, now, write.version, row.expires, row.data, ...row.values),
      refusal,
      mayMeetExpired: expires,
      takesUnique: uniques.length > 0,
      clear: (now) => [
        step(clear, tenant, id, now),
        ...taken.map(({ unique, value }) => step(unique.clear, tenant, value, now)),
      ],
      holders: (now) => [
        step(holds, tenant, id, now),
        ...taken.map(({ unique, value }) => step(unique.holds, tenant, value, now)),
      ],
      refusedBy(answers) {
        const [own, ...others] = answers.map(({ rows }) => rows[0]?.[0]);
        if (write.kind === "insert" && own !== undefined) return new Conflict(position, name, "exists");
        const at = others.findIndex((holder) => holder !== undefined && holder !== id);
        return at === -1 ? undefined : new Conflict(position, name, "unique", taken[at]?.unique.index);
      },
    };
  };
}
