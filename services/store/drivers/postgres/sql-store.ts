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
  type Addition,
  type Collection,
  type IndexValue,
  type PageQuery,
  type Store,
  type SystemStore,
  type TenantStore,
} from "../../store.ts";
import { bulkTables } from "./bulk-tables.ts";
import { collectionTable, type CollectionTable, type Read } from "./collection-table.ts";
import { commitWrites } from "./commit.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { counterTable } from "./counter-table.ts";
import { createGroupedReads } from "./grouped-reads.ts";
import { holdTables } from "./hold.ts";
import { leaseTable } from "./lease-table.ts";
import { logTable } from "./log-table.ts";
import type { ShapesInUse } from "./migrate.ts";
import { asStoreError } from "./postgres-error.ts";
import { statement, step, type Step } from "./statement.ts";
import { sweepMore } from "./sweep-more.ts";
import type { Transactions } from "./transactions.ts";

const touch = statement(
  "INSERT INTO health (id, time) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET time = excluded.time",
);

/** The store contract over a database whose tables are up to date. It closes the pool with itself. */
export function createSqlStore({
  pool,
  transactions,
  collections,
  shapes,
  connectPatiently,
  clock,
}: {
  readonly pool: ConnectionPool;
  readonly transactions: Transactions;
  readonly collections: readonly Collection[];
  readonly shapes: ShapesInUse;
  /** Opens a session of its own, whose statements and transactions may take as long as they need. */
  readonly connectPatiently: () => Promise<Connection>;
  readonly clock: () => number;
}): Store {
  const tables = new Map(
    collections.map((collection) => [collection, collectionTable(collection, shapes.get(collection.name)?.shape ?? 0)]),
  );
  const bulk = bulkTables(collections, (name) => shapes.get(name)?.shape);
  const ask = createGroupedReads(transactions);
  let running = 0;
  let whenIdle: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  function tableOf<Desc extends DescMessage>(collection: Collection<Desc>): CollectionTable {
    const table = tables.get(collection);
    if (table === undefined) throw new RangeError(`the collection ${collection.name} was not declared to the store`);
    return table;
  }
  /** Everything goes through here: `close` waits for what is under way. `work` throws bad input before it waits. */
  async function serve<Result>(work: () => Promise<Result>): Promise<Result> {
    if (closing !== undefined) throw new StoreUnavailable("the store is closed", "not done");
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      if (running === 0) whenIdle?.();
    }
  }
  const read = <Result>(prepare: () => Read<Result>): Promise<Result> =>
    serve(async () => {
      const { step: one, result } = prepare();
      return result((await ask(one)).rows);
    });
  const changed = async (one: Step): Promise<number> => (await transactions.ask([one]))[0]?.count ?? 0;
  /** Takes up to `limit` rows away from all tables together. */
  async function fromAll(
    limit: number,
    take: (table: CollectionTable | typeof counterTable, left: number) => Step,
  ): Promise<number> {
    let left = limit;
    for (const table of [...tables.values(), counterTable]) if (left > 0) left -= await changed(take(table, left));
    return limit - left;
  }

  function tenantStore(tenantId: string): TenantStore {
    const add = (additions: readonly Addition[]): Promise<readonly number[]> =>
      serve(async () => {
        checkAdditions(additions);
        return transactions.run(async () => counterTable.add(tenantId, additions, clock()));
      });
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
      add: async (counter, n, expiresAt) => (await add([{ counter, n, expiresAt }]))[0] as number,
      addAll: add,
      commit: (writes, events) =>
        serve(async () => {
          checkCommit(writes, events);
          const prepared = writes.map((one, position) => tableOf(one.collection).prepareWrite(tenantId, one, position));
          const appended = events.map((event) => logTable.append(tenantId, toBinary(EventSchema, event)));
          await commitWrites(transactions, prepared, appended, clock);
        }),
      events: (after, limit) =>
        read(() => {
          checkInteger("after", after);
          checkLimit(limit);
          return logTable.readTenant(tenantId, after, limit);
        }),
      deleteRange: (collection, limit) =>
        serve(async () => {
          checkLimit(limit);
          if (collection === "everything") return fromAll(limit, (table, left) => table.deleteSome(tenantId, left));
          return changed(tableOf(collection).deleteSome(tenantId, limit));
        }),
    };
  }

  const system: SystemStore = {
    ...tenantStore(systemTenant),
    sweep: (limit) =>
      serve(async () => {
        checkLimit(limit);
        const now = clock();
        const swept = await fromAll(limit, (table, left) => table.sweep(now, left));
        await sweepMore({ transactions, collections, now, limit });
        return swept;
      }),
    outbox: (after, limit) =>
      read(() => {
        checkInteger("after", after);
        checkLimit(limit);
        return logTable.outbox(after, limit);
      }),
    lease: (name, holder, ttl) =>
      serve(async () => {
        checkLease(name, holder, ttl);
        const now = clock();
        const [answer] = await transactions.ask([leaseTable.take(name, holder, ttl, now)]);
        return leaseTable.taken(answer, name, holder, ttl, now);
      }),
    release: (lease) => serve(async () => void (await transactions.ask([leaseTable.release(lease)]))),
    sequence: (lease, limit) =>
      serve(async () => {
        checkLimit(limit);
        // Asked many times a second, mostly in vain: no transaction for that.
        const { step: look } = logTable.outbox(0, 1);
        if ((await ask(look)).count === 0) return 0;
        return transactions.run((send) => logTable.sequence(send, lease, limit));
      }),
    log: (after, limit) =>
      read(() => {
        checkInteger("after", after);
        checkLimit(limit);
        return logTable.read(after, limit);
      }),
    logEnd: () => read(() => logTable.end()),
  };

  const bulkStore: BulkStore = {
    parts: bulk.parts,
    async unknown() {
      const names = await read(() => bulk.others);
      const holding = await Promise.all(names.map((name) => read(() => bulk.holdsRows(name))));
      return names.filter((_name, at) => holding[at] === true);
    },
    count: (part) =>
      serve(async () => {
        const one = bulk.count(part);
        const session = await connectPatiently();
        try {
          const [answer] = await session.run([one]);
          if (answer?.error !== undefined) throw asStoreError(answer.error);
          return answer?.rows[0]?.[0] as number;
        } finally {
          await session.end();
        }
      }),
    rows: (part, after, limit) => read(() => bulk.rows(part, after, limit)),
    last: (part) => read(() => bulk.last(part)),
    insert: (part, rows) =>
      serve(() => {
        const insert = bulk.insert(part, rows);
        return transactions.run(async () => insert);
      }),
    hold: () => serve(() => holdTables(connectPatiently, bulk.parts)),
  };

  return {
    tenant(tenantId) {
      checkTenantId(tenantId);
      return tenantStore(tenantId);
    },
    system: () => system,
    bulk: () => bulkStore,
    // A write, because a database that has become read-only or whose disk is full still reads well.
    ping: () => serve(async () => void (await transactions.ask([step(touch, clock())]))),
    close() {
      closing ??= (async () => {
        if (running > 0) await new Promise<void>((resolve) => (whenIdle = resolve));
        await pool.close();
      })();
      return closing;
    },
  };
}
