import { openMemoryStore } from "./drivers/memory/memory-store.ts";
import { openSqliteStore } from "./drivers/sqlite/sqlite-store.ts";
import type { Collection, Store } from "./store.ts";

/** Where the data are, what is kept there, and what time it is. */
export interface OpenStore {
  /** `memory:`, `sqlite:<path>` or `postgres://…`. */
  readonly url: string;
  /** Every collection of every service: one that is not declared here cannot be reached. */
  readonly collections: readonly Collection[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Opens the store of a URL. Throws with a sentence for people when it cannot, and a RangeError for a bad declaration. */
export async function openStore({ url, collections, clock }: OpenStore): Promise<Store> {
  checkCollections(collections);
  if (url === "memory:") return openMemoryStore({ collections, clock });
  if (url.startsWith("sqlite:")) return openSqliteStore({ path: url.slice("sqlite:".length), collections, clock });
  if (/^postgres(?:ql)?:/.test(url)) {
    // Its client is a dozen modules that no other store needs.
    const { openPostgresStore } = await import("./drivers/postgres/postgres-store.ts");
    return openPostgresStore({ url, collections, clock });
  }
  // The scheme only: what follows may be a password.
  const scheme = /^[a-z][a-z0-9+.-]*:/.exec(url)?.[0];
  if (scheme === undefined) throw new Error("the store must be given as sqlite:<path>, postgres://… or memory:");
  throw new Error(`the store ${scheme} is not supported; use sqlite:<path>, postgres://… or memory:`);
}

/** An underscore sets them apart from the tables that every store has. */
const collectionName = /^[a-z][a-z0-9]*_[a-z0-9_]{1,40}$/;
const indexName = /^[a-z][a-z0-9_]{0,40}$/;

function checkCollections(collections: readonly Collection[]): void {
  const names = new Set<string>();
  for (const { name, unique = {}, indexes = {} } of collections) {
    if (!collectionName.test(name) || name.startsWith("sqlite_")) {
      throw new RangeError(`the collection name ${JSON.stringify(name)} is not <service>_<plural>`);
    }
    if (names.has(name)) throw new RangeError(`the collection ${name} is declared twice`);
    names.add(name);
    const own = [...Object.keys(unique), ...Object.keys(indexes)];
    const bad = own.find((index) => !indexName.test(index) || index === "id");
    if (bad !== undefined) throw new RangeError(`${name}: the index name ${JSON.stringify(bad)} cannot be used`);
    if (new Set(own).size !== own.length) throw new RangeError(`${name}: an index is both unique and plain`);
  }
}
