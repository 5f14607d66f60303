import { setTimeout as delay } from "node:timers/promises";
import type { Collection, Lease } from "../../store.ts";
import { indexColumns, type IndexColumn } from "../sql/index-columns.ts";
import type { Answer, Connection } from "./connection.ts";
import { layout, tables } from "./create-tables.ts";
import { fillRows } from "./fill-rows.ts";
import { nameOf } from "./identifiers.ts";
import { leaseTable } from "./lease-table.ts";
import { isMadeByOthers, isTimeout, isUndefinedTable } from "./postgres-error.ts";
import { checkTypes, declaredColumns, shapesBehind, type Shape } from "./shapes.ts";
import { plainStep, statement, step, type Step } from "./statement.ts";

/** What the migration needs; times in milliseconds. */
export interface Migration {
  /** Sessions whose statements may take as long as they need, one at a time. */
  readonly connection: Connection;
  readonly collections: readonly Collection[];
  readonly clock: () => number;
  /** Tells this process from others. */
  readonly holder: string;
}

/** The shape that this version writes, and the ones that lack some of its columns, of each collection by its name. */
export type ShapesInUse = ReadonlyMap<string, { readonly shape: number; readonly behind: readonly number[] }>;

const [leaseName, leaseLength, longestWait] = ["migration", 60_000, 600_000];
const selectShapes = statement("SELECT collection, number, columns FROM shapes");
const selectLayout = statement("SELECT number FROM layout WHERE id = 1");

/**
 * Brings a database forward to what the collections declare: tables, columns and indexes are added, and nothing that an
 * older version needs is ever taken away or locked for long. Where something is missing, one process at a time works on
 * it, under a lease; the others wait. Then rows that another version left unfilled are filled, in batches.
 *
 * Throws when the database is a newer version's, when an index changed its type, and when records that are there break an
 * index that became unique.
 */
export async function migrate(migration: Migration): Promise<ShapesInUse> {
  const { connection, collections, clock } = migration;
  let inUse = shapesInUse(collections, await readShapes(connection));
  if (inUse === undefined) inUse = await withLease(migration, (renew) => bringForward(migration, renew));
  for (const collection of collections) {
    const { shape, behind } = inUse.get(collection.name) ?? { shape: 0, behind: [] };
    await fillRows(connection, collection, { shape, behind, limit: Infinity, now: clock() });
  }
  return inUse;
}

/** Reads which shapes lack columns of this version by now. Undefined when its own have not been registered. */
export async function readShapesInUse(
  connection: Connection,
  collections: readonly Collection[],
): Promise<ShapesInUse | undefined> {
  return shapesInUse(collections, await readShapes(connection));
}

/** All shapes by collection; undefined while there are no tables at all. */
async function readShapes(connection: Connection): Promise<ReadonlyMap<string, readonly Shape[]> | undefined> {
  const [known, found] = await connection.run([step(selectLayout), step(selectShapes)]);
  for (const answer of [known, found]) {
    if (isUndefinedTable(answer?.error)) return undefined;
    if (answer?.error !== undefined) throw answer.error;
  }
  const number = known?.rows[0]?.[0];
  if (number === undefined) return undefined;
  if (Number(number) > layout) {
    throw new Error(`the database was written by a newer version (layout ${String(number)}, this one knows ${layout})`);
  }
  const shapes = new Map<string, Shape[]>();
  for (const [collection, shape, columns] of found?.rows ?? []) {
    const list = shapes.get(collection as string) ?? [];
    list.push({ number: shape as number, columns: columns as string });
    shapes.set(collection as string, list);
  }
  return shapes;
}

function shapesInUse(
  collections: readonly Collection[],
  shapes: ReadonlyMap<string, readonly Shape[]> | undefined,
): ShapesInUse | undefined {
  if (shapes === undefined) return undefined;
  const inUse = new Map<string, { shape: number; behind: readonly number[] }>();
  for (const collection of collections) {
    const known = shapes.get(collection.name) ?? [];
    const mine = declaredColumns(collection);
    const shape = known.find(({ columns }) => columns === mine)?.number;
    if (shape === undefined) return undefined;
    inUse.set(collection.name, { shape, behind: shapesBehind(known, mine) });
  }
  return inUse;
}

/** Runs `work` while this process has the lease; `renew` throws when it has passed to another. */
async function withLease<Result>(
  { connection, clock, holder }: Migration,
  work: (renew: () => Promise<void>) => Promise<Result>,
): Promise<Result> {
  await makeTables(connection);
  let lease: Lease | undefined;
  const renew = async (): Promise<void> => {
    const taken = await take();
    if (taken?.fence !== lease?.fence) throw new Error("another process has taken over the migration");
  };
  const take = async (): Promise<Lease | undefined> => {
    const now = clock();
    const [answer] = await run(connection, [leaseTable.take(leaseName, holder, leaseLength, now)]);
    return leaseTable.taken(answer, leaseName, holder, leaseLength, now);
  };
  const until = performance.now() + longestWait;
  for (lease = await take(); lease === undefined; lease = await take()) {
    if (performance.now() > until) throw new Error("another process has been migrating the database for ten minutes");
    await delay(100);
  }
  try {
    return await work(renew);
  } finally {
    // It runs out by itself where this is not possible.
    if (!connection.isLost()) await connection.run([leaseTable.release(lease)]).catch(() => {});
  }
}

async function bringForward(migration: Migration, renew: () => Promise<void>): Promise<ShapesInUse> {
  const { connection, collections } = migration;
  for (const collection of collections) {
    const known = (await readShapes(connection))?.get(collection.name) ?? [];
    if (known.some(({ columns }) => columns === declaredColumns(collection))) continue;
    checkTypes(collection, known);
    await addCollection(connection, collection, known, renew);
  }
  const inUse = await readShapesInUse(connection, collections);
  if (inUse === undefined) throw new Error("the shapes of the collections were not kept");
  return inUse;
}

/** Makes the tables that every store has. They are made by whoever comes first, before there is a lease to take. */
async function makeTables(connection: Connection): Promise<void> {
  for (const text of [...tables, `INSERT INTO layout (id, number) VALUES (1, ${layout}) ON CONFLICT (id) DO NOTHING`]) {
    await patiently(connection, plainStep(text));
  }
}

async function addCollection(
  connection: Connection,
  collection: Collection,
  known: readonly Shape[],
  renew: () => Promise<void>,
): Promise<void> {
  const { name } = collection;
  const shape = Math.max(0, ...known.map(({ number }) => number)) + 1;
  const columns = indexColumns(collection);
  const isNew = known.length === 0;
  const work = async (text: string): Promise<void> => {
    await renew();
    await patiently(connection, plainStep(text));
  };
  const index = async (part: string, unique: boolean, on: string): Promise<void> => {
    await renew();
    await addIndex(connection, { name: nameOf(name, part), table: name, unique, on, isNew });
  };
  await work(
    `CREATE TABLE IF NOT EXISTS "${name}" (
      tenant text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, version bigint NOT NULL, shape bigint NOT NULL,
      expires bigint, data bytea NOT NULL, CONSTRAINT "${nameOf(name, "key")}" PRIMARY KEY (tenant, id))`,
  );
  for (const { column, type } of columns) {
    await work(`ALTER TABLE "${name}" ADD COLUMN IF NOT EXISTS "${column}" ${sqlType(type)}`);
  }
  await index("expires", false, "(expires) WHERE expires IS NOT NULL");
  for (const { column, unique } of columns) {
    await index(column, unique, `(tenant, "${column}"${unique ? "" : ", id"}) WHERE "${column}" IS NOT NULL`);
  }
  // Empty once all rows are filled, so that it costs a write nothing. The ones of shapes before are of no use any more.
  await index(`behind.${shape}`, false, `(shape) WHERE shape <> ${shape}`);
  for (const { number } of known) await work(`DROP INDEX IF EXISTS "${nameOf(name, `behind.${number}`)}"`);
  await renew();
  const register = statement("INSERT INTO shapes (collection, number, columns) VALUES ($1, $2, $3)");
  await run(connection, [step(register, name, shape, declaredColumns(collection))]);
}

const sqlType = (type: IndexColumn["type"]): string => (type === "TEXT" ? `text COLLATE "C"` : "bigint");

/**
 * Adds an index. On a table that is in use it is built while others write, which CockroachDB does anyway and understands
 * the same words for; one that was left behind half built is built anew.
 */
async function addIndex(
  connection: Connection,
  { name, table, unique, on, isNew }: { name: string; table: string; unique: boolean; on: string; isNew: boolean },
): Promise<void> {
  const create = unique ? "CREATE UNIQUE INDEX" : "CREATE INDEX";
  if (isNew) return patiently(connection, plainStep(`${create} IF NOT EXISTS "${name}" ON "${table}" ${on}`));
  const [answer] = await run(connection, [step(isValid, name)]);
  const valid = answer?.rows[0]?.[0];
  if (valid === "t") return;
  if (valid === "f") await patiently(connection, plainStep(`DROP INDEX IF EXISTS "${name}"`));
  await patiently(connection, plainStep(`${create} CONCURRENTLY IF NOT EXISTS "${name}" ON "${table}" ${on}`));
  const [after] = await run(connection, [step(isValid, name)]);
  if (after?.rows[0]?.[0] !== "t") throw new Error(`the index ${name} could not be built`);
}

const isValid = statement(`
  SELECT pg_index.indisvalid FROM pg_index
  JOIN pg_class ON pg_class.oid = pg_index.indexrelid JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
  WHERE pg_class.relname = $1 AND pg_namespace.nspname = current_schema()`);

/**
 * Changes the schema. It asks for a lock for a moment only, because everybody else would wait behind it, and asks again.
 * Others who make the same at the same moment are no failure either.
 */
async function patiently(connection: Connection, one: Step): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const [answer] = await connection.run([one]);
    const error = answer?.error;
    if (error === undefined) return;
    if (attempt >= 60 || !(isTimeout(error) || isMadeByOthers(error))) throw error;
    await delay(isTimeout(error) ? 500 : 20);
  }
}

async function run(connection: Connection, steps: readonly Step[]): Promise<readonly Answer[]> {
  const answers = await connection.run(steps);
  const failed = answers.find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) throw failed;
  return answers;
}
