import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import type { RequestRecordSchema } from "#gen/koder/host/store/v1/request_record_pb.ts";
import { sharedDatabase } from "../../../../tests/support/postgres-shared.ts";
import { keys, ticket, tickets } from "../../conformance/test-records.ts";
import { openStore } from "../../open-store.ts";
import type { Collection, Index, Store } from "../../store.ts";
import { insert, replace } from "../../writes.ts";

type Tickets = Collection<typeof RequestRecordSchema>;
const { unique: _unique, indexes: _indexes, ...bare } = tickets;
const bodyOf: Index<typeof RequestRecordSchema> = {
  type: "text",
  value: (record) => Buffer.from(record.sealedResponse).toString() || undefined,
};
/** Versions of the program, one after the other. */
const older: Tickets = bare;
const newer: Tickets = { ...bare, indexes: { body: bodyOf } };
const strict: Tickets = { ...bare, unique: { body: bodyOf } };

/** Versions that work on one database; each store stays open until the test is over. */
async function versions() {
  const url = await sharedDatabase();
  const time = { now: 1_000 };
  return {
    url,
    time,
    open: async (...collections: readonly Tickets[]): Promise<Store> => {
      const store = await openStore({ url, collections, clock: () => time.now });
      onTestFinished(() => store.close());
      return store;
    },
  };
}
async function outsider(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}
async function byBody(store: Store, body: string): Promise<readonly string[]> {
  const page = await store.tenant("acme").page(newer, { index: "body", equals: body, limit: 1_000 });
  return page.items.map(({ record }) => record.id);
}
const put = (store: Store, collection: Tickets, ...records: readonly ReturnType<typeof ticket>[]) =>
  store.tenant("acme").commit(
    records.map((record) => insert(collection, record)),
    [],
  );

test("a new index holds the records that were there", async () => {
  const { open } = await versions();
  const first = await open(older);
  // More than one batch.
  const ids = Array.from({ length: 450 }, (_, n) => `t${String(n).padStart(4, "0")}`);
  await put(first, older, ...ids.map((id, n) => ticket(id, { body: n % 2 === 0 ? "even" : "odd" })));
  expect(await byBody(await open(newer), "even")).toEqual(ids.filter((_, n) => n % 2 === 0));
});

test("what an older version writes while the newer one runs is found after the next sweep, and never wrongly", async () => {
  const { open } = await versions();
  const [before, after] = [await open(older), await open(newer)];
  await put(after, newer, ticket("a", { body: "x" }));
  const acme = before.tenant("acme");
  await acme.commit([replace(older, ticket("a", { body: "y" }), 1), insert(older, ticket("b", { body: "y" }))], []);
  // At once: the index still says x of it, and is not believed.
  expect(await byBody(after, "x")).toEqual([]);
  expect((await after.tenant("acme").get(newer, "b"))?.version).toBe(1);
  await after.system().sweep(1_000);
  expect(await byBody(after, "y")).toEqual(["a", "b"]);
  // The older version goes on, on what the newer one has filled, and the newer one finds that too.
  await acme.commit([replace(older, ticket("b", { body: "z" }), 1)], []);
  await after.system().sweep(1_000);
  expect([await byBody(after, "y"), await byBody(after, "z")]).toEqual([["a"], ["b"]]);
});

test("what an older version wrote after the newer one had stopped is found when that is opened again", async () => {
  const { open } = await versions();
  await (await open(newer)).close();
  const before = await open(older);
  await put(before, older, ticket("a", { body: "x" }));
  // It does not take back what the newer one filled, and finds its own as ever.
  await before.system().sweep(1_000);
  expect(await byBody(await open(newer), "x")).toEqual(["a"]);
});

test("a value that a newer version's unique index has by mistake is not believed either", async () => {
  const { open } = await versions();
  const [before, after] = [await open(older), await open(strict)];
  await put(after, strict, ticket("a", { body: "x" }));
  await before.tenant("acme").commit([replace(older, ticket("a", { body: "y" }), 1)], []);
  expect(await after.tenant("acme").find(strict, "body", "x")).toBeUndefined();
  await after.system().sweep(1_000);
  expect((await after.tenant("acme").find(strict, "body", "y"))?.version).toBe(2);
});

test("an index that becomes unique refuses records that break it, by name", async () => {
  const { open } = await versions();
  const first = await open(older);
  await put(first, older, ticket("a", { body: "x" }), ticket("b", { body: "x" }));
  await expect(open(strict)).rejects.toThrow(/records of test_tickets break its unique index body$/);
  expect((await first.tenant("acme").get(older, "b"))?.version).toBe(1);
});

test("an expired record keeps no value of a new unique index", async () => {
  const { open, time } = await versions();
  const first = await open(older);
  await put(first, older, ticket("a", { body: "x", expires: time.now + 10 }), ticket("b", { body: "x" }));
  time.now += 10;
  const found = await (await open(strict)).tenant("acme").find(strict, "body", "x");
  expect(found?.record.id).toBe("b");
});

test("an index cannot change its type, and a newer layout is not touched", async () => {
  const { open, url } = await versions();
  await open(newer);
  const changed: Tickets = { ...bare, indexes: { body: { type: "integer", value: () => 1 } } };
  await expect(open(changed)).rejects.toThrow("the index body of test_tickets cannot change its type");
  await (await outsider(url)).query("UPDATE layout SET number = 99");
  await expect(open(newer)).rejects.toThrow(/written by a newer version \(layout 99, this one knows 1\)/);
});

test("many of two versions that start at once make everything once", async () => {
  const { open } = await versions();
  const stores = await Promise.all(Array.from({ length: 6 }, (_, n) => open(n % 2 === 0 ? newer : older)));
  for (const [n, store] of stores.entries()) {
    await put(store, n % 2 === 0 ? newer : older, ticket(`t${n}`, { body: "x" }));
  }
  await stores[0]?.system().sweep(1_000);
  expect(await byBody(stores[0] as Store, "x")).toEqual(["t0", "t1", "t2", "t3", "t4", "t5"]);
});

test("a migration waits for a transaction that is open without stopping those behind it", async () => {
  const { open, url } = await versions();
  const first = await open(older);
  await put(first, older, ticket("a", { body: "x" }));
  const other = await outsider(url);
  await other.query("BEGIN");
  await other.query("SELECT 1 FROM test_tickets");
  const opening = open(newer);
  // It waits for the lock of the table; whoever comes behind it is held up for two seconds at most.
  await expect
    .poll(
      async () =>
        (
          await (
            await outsider(url)
          ).query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        ).rowCount,
      { timeout: 5_000 },
    )
    .toBe(1);
  expect((await first.tenant("acme").get(older, "a"))?.version).toBe(1);
  await put(first, older, ticket("b", { body: "x" }));
  await other.query("COMMIT");
  expect(await byBody(await opening, "x")).toEqual(["a", "b"]);
});

test("an index that was left half built is built anew", async () => {
  const { open, url } = await versions();
  const first = await open(older);
  await put(first, older, ticket("a", { body: "x" }), ticket("b", { body: "x" }));
  const other = await outsider(url);
  await other.query(
    `ALTER TABLE test_tickets ADD COLUMN u_body text COLLATE "C"; UPDATE test_tickets SET u_body = 'x'`,
  );
  await other
    .query(
      `CREATE UNIQUE INDEX CONCURRENTLY "test_tickets.u_body" ON test_tickets (tenant, u_body) WHERE u_body IS NOT NULL`,
    )
    .catch(() => {});
  await other.query("UPDATE test_tickets SET u_body = NULL");
  await other.query(`DELETE FROM test_tickets WHERE id = 'b'`);
  const store = await open(strict);
  expect((await store.tenant("acme").find(strict, "body", "x"))?.record.id).toBe("a");
  await expect(put(store, strict, ticket("c", { body: "x" }))).rejects.toMatchObject({
    reason: "unique",
    index: "body",
  });
});

test("names that are too long for an identifier are kept apart", async () => {
  const { url } = await versions();
  const name = `test_${"a".repeat(40)}`;
  const long = (index: string) => ({ ["i".repeat(30) + index]: bodyOf });
  const collection: Tickets = { ...bare, name, unique: { ...long("x") }, indexes: { ...long("y"), ...long("z") } };
  const store = await openStore({ url, collections: [collection, keys], clock: () => 0 });
  onTestFinished(() => store.close());
  await put(store, collection, ticket("a", { body: "x" }));
  await expect(put(store, collection, ticket("b", { body: "x" }))).rejects.toMatchObject({
    reason: "unique",
    index: `${"i".repeat(30)}x`,
  });
});
