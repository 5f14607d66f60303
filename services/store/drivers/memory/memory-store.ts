import { DatabaseSync } from "node:sqlite";
import type { Collection, Store } from "../../store.ts";
import { migrate } from "../sqlite/migrate.ts";
import { createSqlStore } from "../sqlite/sql-store.ts";

/**
 * Opens a store that is gone with its process: the same SQL on a database in memory, so that what a test learns from it
 * is true of the durable one. Nothing is synced, because there is nothing to sync to.
 */
export async function openMemoryStore({
  collections,
  clock,
}: {
  readonly collections: readonly Collection[];
  readonly clock: () => number;
}): Promise<Store> {
  const database = new DatabaseSync(":memory:");
  migrate(database, collections, clock());
  return createSqlStore({ database, collections, clock });
}
