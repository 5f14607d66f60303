import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import type { Collection, Store } from "../../store.ts";
import { migrate } from "./migrate.ts";
import { createSqlStore } from "./sql-store.ts";
import { isBusy } from "./sqlite-error.ts";

/** How long opening waits for another process that has the file, in milliseconds. */
const openTimeout = 5_000;
/** How long a transaction waits for it on the event loop before it lets others have a turn and tries again. */
const busyTimeout = 20;
/** How long opening lets others have their turn, in milliseconds. */
const openPause = 20;

/**
 * Opens a store in a file: SQLite in WAL mode with `synchronous=FULL`, so that the log is synced before a commit is
 * acknowledged. The file is readable by its owner only. Another process may open the same file at the same time: every
 * condition of a commit is checked inside the write transaction, and that is one process's at a time.
 *
 * It runs on the main thread; docs/decisions/0002-sqlite-threading.md has the measurement.
 */
export async function openSqliteStore({
  path,
  collections,
  clock,
}: {
  readonly path: string;
  readonly collections: readonly Collection[];
  readonly clock: () => number;
}): Promise<Store> {
  if (path === "") throw new Error("the store sqlite: needs the path of its file, as in sqlite:./data/koder-id.db");
  // Absolute, because SQLite reads some relative ones as something else, such as ":memory:".
  const file = resolve(path);
  let database: DatabaseSync | undefined;
  try {
    createFile(file);
    const opened = new DatabaseSync(file, { timeout: busyTimeout });
    database = opened;
    await untilNotBusy(() => {
      makeDurable(opened);
      migrate(opened, collections, clock());
    });
    // What undoes one of several commits that share a transaction stays out of the folder for temporary files: it holds records, and
    // there may be no such folder. Only from here on, because a new index of a large table is sorted in files.
    opened.exec("PRAGMA temp_store = MEMORY");
    return createSqlStore({ database: opened, collections, clock, holdFile: () => holdFile(file) });
  } catch (cause) {
    database?.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the store sqlite:${path} cannot be opened: ${reason}`, { cause });
  }
}

/**
 * Runs a step of opening, again and again while another process has the file. SQLite's own patience is not enough: of two
 * that switch a new file to its write-ahead log in the same moment, one is told at once that the file is busy.
 */
async function untilNotBusy(step: () => void): Promise<void> {
  for (let waited = 0; ; waited += busyTimeout + openPause) {
    try {
      step();
      return;
    } catch (error) {
      if (!isBusy(error) || waited >= openTimeout) throw error;
      await delay(openPause);
    }
  }
}

/** Makes sure that the file is there, and that it and the folders made for it are still there after a power cut. */
function createFile(file: string): void {
  const folder = dirname(file);
  const firstMade = mkdirSync(folder, { recursive: true, mode: 0o700 });
  closeSync(openSync(file, "a", 0o600));
  const top = firstMade === undefined ? folder : dirname(firstMade);
  for (let at = folder; ; at = dirname(at)) {
    const descriptor = openSync(at, "r");
    fsyncSync(descriptor);
    closeSync(descriptor);
    if (at === top) return;
  }
}

/** Keeps everybody from writing the file, by a connection of its own, until what it answers is called. */
function holdFile(file: string): () => void {
  const holder = new DatabaseSync(file, { timeout: openTimeout });
  try {
    holder.exec("BEGIN IMMEDIATE");
  } catch (error) {
    holder.close();
    throw error;
  }
  return () => holder.close();
}

function makeDurable(database: DatabaseSync): void {
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal") throw new Error(`its file system cannot hold a write-ahead log (SQLite answers ${String(mode)})`);
  // fullfsync is for macOS, whose fsync stops at the drive's cache; elsewhere it means nothing.
  // What was deleted is overwritten, not left in free pages: a person can be erased.
  database.exec("PRAGMA secure_delete = ON");
  database.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;");
}
