import type { DatabaseSync } from "node:sqlite";
import { toBinary, type DescMessage } from "@bufbuild/protobuf";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import {
  checkAdditions,
  checkCommit,
  checkId,
  checkIds,
  checkInteger,
  checkLease,
  checkLimit,
  checkTenantId,
  systemTenant,
} from "../../check-input.ts";
import type { BulkStore } from "../../bulk-store.ts";
import {
  StoreUnavailable,
  type Collection,
  type IndexValue,
  type PageQuery,
  type Store,
  type SystemStore,
  type TenantStore,
} from "../../store.ts";
import { bulkTables } from "./bulk-tables.ts";
import { collectionTable, type CollectionTable } from "./collection-table.ts";
import { counterTable } from "./counter-table.ts";
import { createGroupCommit } from "./group-commit.ts";
import { leaseTable } from "./lease-table.ts";
import { logTable } from "./log-table.ts";
import { outboxTable } from "./outbox-table.ts";
import { unavailable } from "./sqlite-error.ts";

const mostHandles = 100;

/**
 * The store contract over one SQLite database whose tables are up to date. It closes the database with itself. `holdFile`
 * keeps other processes from writing until what it answers is called; it is for a database that others may have open.
 */
export function createSqlStore({
  database,
  collections,
  clock,
  holdFile = () => () => {},
}: {
  readonly database: DatabaseSync;
  readonly collections: readonly Collection[];
  readonly clock: () => number;
  readonly holdFile?: () => () => void;
}): Store {
  const tables = new Map(collections.map((collection) => [collection, collectionTable(database, collection)]));
  const counters = counterTable(database);
  const outbox = outboxTable(database);
  const log = logTable(database);
  const leases = leaseTable(database);
  const touch = database.prepare("INSERT OR REPLACE INTO health (id, time) VALUES (1, ?)");
  const commits = createGroupCommit(database);
  const bulk = bulkTables(database, collections);
  let isHeld = false;
  let closing: Promise<void> | undefined;

  function tableOf<Desc extends DescMessage>(collection: Collection<Desc>): CollectionTable {
    const table = tables.get(collection);
    if (table === undefined) throw new RangeError(`the collection ${collection.name} was not declared to the store`);
    return table;
  }
  async function read<Result>(work: () => Result): Promise<Result> {
    if (closing !== undefined) throw new StoreUnavailable("the store is closed", "not done");
    try {
      return work();
    } catch (error) {
      throw unavailable(error) ?? error;
    }
  }
  async function write<Result>(work: () => Result): Promise<Result> {
    if (closing !== undefined) throw new StoreUnavailable("the store is closed", "not done");
    if (isHeld)
      throw new StoreUnavailable("the store is held: nothing can be changed until it is released", "not done");
    return commits.run(work);
  }
  /** Takes up to `limit` rows away from all tables together. */
  function fromAll(limit: number, take: (table: CollectionTable | typeof counters, left: number) => number): number {
    let left = limit;
    for (const table of [...tables.values(), counters]) if (left > 0) left -= take(table, left);
    return limit - left;
  }

  function tenantStore(tenantId: string): TenantStore {
    return {
      tenantId,
      get: <Desc extends DescMessage>(collection: Collection<Desc>, id: string) =>
        read(() => {
          checkId(collection.name, id);
          return tableOf(collection).get(tenantId, id, clock());
        }),
      getAll: <Desc extends DescMessage>(collection: Collection<Desc>, ids: readonly string[]) =>
        read(() => {
          checkIds(collection.name, ids);
          return tableOf(collection).getAll(tenantId, ids, clock());
        }),
      version: <Desc extends DescMessage>(collection: Collection<Desc>, id: string) =>
        read(() => {
          checkId(collection.name, id);
          return tableOf(collection).version(tenantId, id, clock());
        }),
      find: <Desc extends DescMessage>(collection: Collection<Desc>, index: string, value: IndexValue) =>
        read(() => tableOf(collection).find(tenantId, index, value, clock())),
      page: <Desc extends DescMessage>(collection: Collection<Desc>, query: PageQuery) =>
        read(() => tableOf(collection).page(tenantId, query, clock())),
      async add(counter, n, expiresAt) {
        checkAdditions([{ counter, n, expiresAt }]);
        return write(() => counters.add(tenantId, { counter, n, expiresAt }, clock()));
      },
      async addAll(additions) {
        checkAdditions(additions);
        return write(() => {
          const now = clock();
          return additions.map((one) => counters.add(tenantId, one, now));
        });
      },
      async commit(writes, events) {
        checkCommit(writes, events);
        // Encoded before it waits: what the caller does to its messages afterwards changes nothing.
        const steps = writes.map((one, position) => tableOf(one.collection).prepareWrite(tenantId, one, position));
        const encodedEvents = events.map((event) => toBinary(EventSchema, event));
        await write(() => {
          const now = clock();
          for (const step of steps) step(now);
          for (const event of encodedEvents) outbox.append(tenantId, event);
        });
      },
      events: (after, limit) =>
        read(() => {
          checkInteger("after", after);
          checkLimit(limit);
          return log.readTenant(tenantId, after, limit);
        }),
      async deleteRange(collection, limit) {
        checkLimit(limit);
        if (collection === "everything") {
          return write(() => fromAll(limit, (table, left) => table.deleteSome(tenantId, left)));
        }
        const table = tableOf(collection);
        return write(() => table.deleteSome(tenantId, limit));
      },
    };
  }

  const system: SystemStore = {
    ...tenantStore(systemTenant),
    async sweep(limit) {
      checkLimit(limit);
      const now = clock();
      return write(() => fromAll(limit, (table, left) => table.sweep(now, left)));
    },
    outbox: (after, limit) =>
      read(() => {
        checkInteger("after", after);
        checkLimit(limit);
        return outbox.read(after, limit);
      }),
    async lease(name, holder, ttl) {
      checkLease(name, holder, ttl);
      return write(() => leases.take(name, holder, ttl, clock()));
    },
    release: (lease) => write(() => leases.release(lease)),
    async sequence(lease, limit) {
      checkLimit(limit);
      // Asked many times a second, mostly in vain: no transaction for that.
      if ((await read(() => outbox.read(0, 1))).length === 0) return 0;
      return write(() => {
        leases.check(lease);
        return log.sequence(limit);
      });
    },
    log: (after, limit) =>
      read(() => {
        checkInteger("after", after);
        checkLimit(limit);
        return log.read(after, limit);
      }),
    logEnd: () => read(() => log.end()),
  };

  const bulkStore: BulkStore = {
    parts: bulk.parts,
    unknown: () => read(() => bulk.unknown()),
    count: (part) => read(() => bulk.count(part)),
    rows: (part, after, limit) => read(() => bulk.rows(part, after, limit)),
    last: (part) => read(() => bulk.last(part)),
    async insert(part, rows) {
      await write(bulk.prepareInsert(part, rows));
    },
    async hold() {
      // An empty piece of work: what was to be written before is done with it.
      await write(() => {});
      isHeld = true;
      try {
        const release = holdFile();
        return {
          async release() {
            if (!isHeld) throw new StoreUnavailable("the store is not held any more", "not done");
            isHeld = false;
            release();
          },
        };
      } catch (error) {
        isHeld = false;
        throw unavailable(error) ?? error;
      }
    },
  };

  /** The latest handles: one request asks for the same several times. */
  const handles = new Map<string, TenantStore>();

  return {
    tenant(tenantId) {
      let handle = handles.get(tenantId);
      if (handle === undefined) {
        checkTenantId(tenantId);
        handle = tenantStore(tenantId);
        if (handles.size >= mostHandles) handles.clear();
        handles.set(tenantId, handle);
      }
      return handle;
    },
    system: () => system,
    bulk: () => bulkStore,
    // A write of its own, because a full disk still reads well.
    ping: () => write(() => void touch.run(clock())),
    close() {
      closing ??= commits.drain().then(() => database.close());
      return closing;
    },
  };
}
