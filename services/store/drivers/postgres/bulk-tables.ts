import type { BulkPosition, BulkRow } from "../../bulk-store.ts";
import { checkLimit } from "../../check-input.ts";
import type { Collection } from "../../store.ts";
import { bulkParts, bulkRow, type BulkPart } from "../sql/bulk-part.ts";
import type { Answer } from "./connection.ts";
import type { Read } from "./collection-table.ts";
import { bySize, inBatches, insertRows } from "./in-batches.ts";
import { takenBy } from "./postgres-error.ts";
import {
  numberedStatement,
  plainStep,
  statement,
  step,
  type SqlValue,
  type Statement,
  type Step,
} from "./statement.ts";
import type { Ending } from "./transactions.ts";

/** The statements for whole rows of every part; made when they are first asked for. Throws RangeErrors for bad input. */
export interface BulkTables {
  readonly parts: readonly string[];
  /** Names of the collections that were ever kept here and are none of ours. */
  readonly others: Read<readonly string[]>;
  /** Whether a table has rows. */
  holdsRows(table: string): Read<boolean>;
  count(part: string): Step;
  rows(part: string, after: BulkPosition | undefined, limit: number): Read<readonly BulkRow[]>;
  last(part: string): Read<BulkPosition | undefined>;
  /** The transaction that inserts rows. */
  insert(part: string, rows: readonly BulkRow[]): Ending<void>;
}

const collectionsKept = statement("SELECT DISTINCT collection FROM shapes ORDER BY collection");
// The identity column would count on from where it is, whatever was inserted.
const countOn = statement("SELECT setval(pg_get_serial_sequence('outbox', 'position'), max(position)) FROM outbox");

/** Reads and writes whole rows. `shapeOf` says which columns this version fills in a collection's rows; see shapes.ts. */
export function bulkTables(
  collections: readonly Collection[],
  shapeOf: (collection: string) => number | undefined,
): BulkTables {
  const parts = bulkParts(collections);
  const inserts = new Map<string, ReadonlyMap<number, Statement>>();
  function partOf(name: string): BulkPart {
    const part = parts.get(name);
    if (part === undefined) throw new RangeError(`the store has no part ${name}`);
    return part;
  }
  function insertsOf({ table, columns }: BulkPart): ReadonlyMap<number, Statement> {
    const known = inserts.get(table);
    if (known !== undefined) return known;
    const all = shapeOf(table) === undefined ? columns : [...columns, "shape"];
    const between = table === "outbox" ? " OVERRIDING SYSTEM VALUE" : "";
    const made = bySize((size) => insertRows(table, all, size, between));
    inserts.set(table, made);
    return made;
  }
  return {
    parts: [...parts.keys()],
    others: {
      step: step(collectionsKept),
      result: (rows) => rows.map(([name]) => name as string).filter((name) => !parts.has(name)),
    },
    holdsRows: (table) => ({
      step: plainStep(`SELECT 1 FROM "${table}" LIMIT 1`),
      result: (rows) => rows.length > 0,
    }),
    count: (name) => plainStep(`SELECT count(*) FROM "${partOf(name).table}"`),
    rows(name, after, limit) {
      const { first, behind, position } = partOf(name);
      checkLimit(limit);
      return {
        step:
          after === undefined
            ? step(numberedStatement(first), limit)
            : step(numberedStatement(behind), ...position(after), limit),
        result: (rows) => rows.map(bulkRow),
      };
    },
    last: (name) => ({
      step: step(numberedStatement(partOf(name).last)),
      result: ([row]) => row && { tenantId: row[0] as string, key: row[1] as string | number },
    }),
    insert(name, rows) {
      const part = partOf(name);
      checkLimit(rows.length);
      const shape = shapeOf(name);
      const encoded = rows.map((row): readonly SqlValue[] =>
        shape === undefined ? part.values(row) : [...part.values(row), shape],
      );
      const steps = inBatches(insertsOf(part), encoded);
      return {
        steps: name === "outbox" ? [...steps, step(countOn)] : steps,
        answered: (answers) => checkInserted(name, answers),
        recovered: () => {},
      };
    },
  };
}

function checkInserted(part: string, answers: readonly Answer[]): void {
  const failed = answers.find(({ error }) => error !== undefined)?.error;
  if (failed === undefined) return;
  if (takenBy(failed) === undefined) throw failed;
  throw new Error(`${part}: a row to insert is there already, or breaks a unique index`);
}
