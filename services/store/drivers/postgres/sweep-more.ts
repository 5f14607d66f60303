import type { Collection } from "../../store.ts";
import { fillRows } from "./fill-rows.ts";
import { readShapesInUse } from "./migrate.ts";
import { statement, step } from "./statement.ts";
import type { Transactions } from "./transactions.ts";

const sweepMarkers = statement(
  "DELETE FROM commits WHERE id IN (SELECT id FROM commits WHERE expires <= $1 ORDER BY expires LIMIT $2)",
);
/** Markers of one statement, and of one call at most: every commit leaves one. */
const [batch, most] = [1_000, 50_000];

/**
 * What a sweep does besides expired records: markers of commits that nobody asks about any more go, and rows that a
 * version of the program with fewer indexes has written meanwhile are filled, up to `limit` of each collection.
 */
export async function sweepMore({
  transactions,
  collections,
  now,
  limit,
}: {
  readonly transactions: Transactions;
  readonly collections: readonly Collection[];
  readonly now: number;
  readonly limit: number;
}): Promise<void> {
  for (let swept = 0; swept < most;) {
    const [answer] = await transactions.ask([step(sweepMarkers, now, batch)]);
    if (answer === undefined || answer.count < batch) break;
    swept += answer.count;
  }
  await transactions.repeatable(async (connection) => {
    const shapes = await readShapesInUse(connection, collections);
    for (const collection of collections) {
      const { shape = 0, behind = [] } = shapes?.get(collection.name) ?? {};
      await fillRows(connection, collection, { shape, behind, limit, now });
    }
  });
}
