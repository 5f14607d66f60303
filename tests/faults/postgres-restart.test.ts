import { Client } from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { allPages } from "../../services/store/conformance/all-pages.ts";
import { event, key, keys, ticket, tickets } from "../../services/store/conformance/test-records.ts";
import { openPostgresStore, type PostgresTuning } from "../../services/store/drivers/postgres/postgres-store.ts";
import { StoreUnavailable, type Store } from "../../services/store/store.ts";
import { insert, replace } from "../../services/store/writes.ts";
import { startPostgres, type RunningPostgres } from "../support/postgres.ts";

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres({ durable: true });
});
afterAll(() => postgres.stop());

async function opened(url: string, tuning: PostgresTuning = {}): Promise<Store> {
  const store = await openPostgresStore({ url, collections: [keys, tickets], clock: () => 1_000, tuning });
  onTestFinished(() => store.close());
  return store;
}
/** A session that stands beside the store and does what no store would. */
async function outsider(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

interface Told {
  readonly done: Set<string>;
  readonly notDone: Set<string>;
  readonly unknown: Set<string>;
  /** Sums of what was added to the counter. */
  added: number;
  addedPerhaps: number;
}

/** Commits and counts with 16 in parallel until it is told to stop; `told` says of each what the store said. */
function work(store: Store) {
  const tenant = store.tenant("acme");
  const told: Told = { done: new Set(), notDone: new Set(), unknown: new Set(), added: 0, addedPerhaps: 0 };
  const over = new AbortController();
  let next = 0;
  async function worker(): Promise<void> {
    while (!over.signal.aborted) {
      const id = `n${(next += 1)}`;
      const writes = [insert(keys, key(id)), insert(tickets, ticket(id, { code: id }))];
      try {
        await tenant.commit(writes, [event(id)]);
        // With a version to meet, COMMIT is sent on its own.
        await tenant.commit([replace(keys, key(id, { label: "again" }), 1)], [event(`${id}'`)]);
        told.done.add(id);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        // The first of the two may have been done: it is not said which of them this was.
        (error.outcome === "unknown" ? told.unknown : told.notDone).add(id);
      }
      try {
        await tenant.add("hits", 1, 9e15);
        told.added += 1;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        if (error.outcome === "unknown") told.addedPerhaps += 1;
      }
    }
  }
  const workers = Promise.all(Array.from({ length: 16 }, worker));
  return {
    told,
    async stop() {
      over.abort();
      await workers;
    },
  };
}

/** What was told is what is there: all of what was done, events included and once, and nothing by half. */
async function checkTold(store: Store, told: Told): Promise<void> {
  const tenant = store.tenant("acme");
  const records = await allPages(tenant, keys, { index: "id", limit: 1_000 });
  const versions = new Map(records.map(({ record, version }) => [record.tenantId, version]));
  expect([...told.done].filter((id) => versions.get(id) !== 2)).toEqual([]);
  expect([...told.notDone].filter((id) => versions.get(id) === 2)).toEqual([]);
  const codes = await allPages(tenant, tickets, { index: "id", limit: 1_000 });
  expect(new Set(codes.map(({ record }) => record.id))).toEqual(new Set(versions.keys()));
  const expected = [...versions].flatMap(([id, version]) => [id, `${id}'`].slice(0, version));
  const events: string[] = [];
  for (let position = 0, more = true; more;) {
    const entries = await store.system().outbox(position, 1_000);
    events.push(...entries.map((entry) => entry.event.id));
    position = entries.at(-1)?.position ?? position;
    more = entries.length > 0;
  }
  expect(events.toSorted()).toEqual(expected.toSorted());
  const counted = await tenant.add("hits", 0, 9e15);
  expect(counted).toBeGreaterThanOrEqual(told.added);
  expect(counted).toBeLessThanOrEqual(told.added + told.addedPerhaps);
}

test.each(["fast", "immediate"] as const)(
  "PostgreSQL restarted (%s) in the middle of commits: nothing acknowledged is lost, nothing is done twice",
  async (mode) => {
    const store = await opened(await postgres.createDatabase());
    const working = work(store);
    for (let round = 1; round <= 4; round += 1) {
      await expect.poll(() => working.told.done.size, { timeout: 20_000 }).toBeGreaterThan(round * 200);
      await postgres.restart(mode);
    }
    const before = working.told.done.size;
    await expect.poll(() => working.told.done.size, { timeout: 20_000 }).toBeGreaterThan(before + 100);
    await working.stop();
    await checkTold(store, working.told);
    // A restart takes less than anybody is ready to wait: nobody noticed.
    expect([working.told.notDone.size, working.told.unknown.size]).toEqual([0, 0]);
  },
);

test("sessions killed by pg_terminate_backend, again and again", async () => {
  const url = await postgres.createDatabase();
  const [store, killer] = [await opened(url), await outsider(url)];
  const working = work(store);
  let killed = 0;
  for (let round = 1; round <= 15; round += 1) {
    await expect.poll(() => working.told.done.size, { timeout: 20_000, interval: 1 }).toBeGreaterThan(round * 40);
    const { rowCount } = await killer.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'koder-id'",
    );
    killed += rowCount ?? 0;
  }
  await working.stop();
  expect(killed).toBeGreaterThan(50);
  await checkTold(store, working.told);
  expect([working.told.notDone.size, working.told.unknown.size]).toEqual([0, 0]);
});

test("an idle store survives a restart", async () => {
  const store = await opened(await postgres.createDatabase());
  const acme = store.tenant("acme");
  await acme.commit([insert(keys, key("a"))], [event("1")]);
  await postgres.restart("fast");
  expect((await acme.get(keys, "a"))?.version).toBe(1);
  await postgres.restart("immediate");
  await acme.commit([replace(keys, key("a"), 1)], [event("2")]);
});

test("a database that is away is said to be away, until it is back", async () => {
  const store = await opened(await postgres.createDatabase(), { connectionWait: 300, patience: 600 });
  const acme = store.tenant("acme");
  await acme.commit([insert(keys, key("a"))], [event("1")]);
  await postgres.halt("fast");
  const unavailable = { name: "StoreUnavailable", outcome: "not done" };
  await expect(acme.get(keys, "a")).rejects.toMatchObject(unavailable);
  await expect(acme.commit([insert(keys, key("b"))], [event("2")])).rejects.toMatchObject(unavailable);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await postgres.start();
  await expect.poll(() => store.ping().then(() => "up", String), { timeout: 5_000 }).toBe("up");
  expect(await acme.get(keys, "b")).toBeUndefined();
});

test("the pool exhausted: those who wait too long are refused, and nothing of theirs is done", async () => {
  const url = await postgres.createDatabase();
  const store = await opened(`${url}&pool_size=2`, { connectionWait: 200 });
  const [acme, other] = [store.tenant("acme"), await outsider(url)];
  await acme.commit([insert(keys, key("a"))], [event("1")]);
  await other.query("BEGIN");
  await other.query("SELECT 1 FROM test_keys WHERE id = 'a' FOR UPDATE");
  const stuck = ["x", "y"].map((label) => acme.commit([replace(keys, key("a", { label }), 1)], [event(label)]));
  const settled = Promise.allSettled(stuck);
  await expect(acme.get(keys, "a")).rejects.toMatchObject({
    name: "StoreUnavailable",
    outcome: "not done",
    message: "no connection to the database was free within 200 ms",
  });
  await expect(acme.commit([insert(keys, key("b"))], [event("2")])).rejects.toMatchObject({ outcome: "not done" });
  await other.query("COMMIT");
  expect((await settled).filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await acme.get(keys, "b")).toBeUndefined();
});

test.each([
  ["waits too long for a lock", { statement: 5_000, lock: 100 }, /lock timeout/],
  ["takes too long", { statement: 100, lock: 0 }, /statement timeout/],
])("a statement that %s is given up, and nothing of its commit is done", async (_name, limits, message) => {
  const url = await postgres.createDatabase();
  const [store, other] = [await opened(url, { limits }), await outsider(url)];
  const acme = store.tenant("acme");
  await acme.commit([insert(keys, key("a"))], [event("1")]);
  await other.query("BEGIN");
  await other.query("SELECT 1 FROM test_keys WHERE id = 'a' FOR UPDATE");
  const attempt = acme.commit([insert(tickets, ticket("t")), replace(keys, key("a"), 1)], [event("2")]);
  await expect(attempt).rejects.toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
  await expect(attempt).rejects.toThrow(message);
  await other.query("COMMIT");
  expect(await acme.get(tickets, "t")).toBeUndefined();
  await acme.commit([replace(keys, key("a"), 1)], [event("3")]);
  expect((await store.system().outbox(0, 10)).map((one) => one.event.id)).toEqual(["1", "3"]);
});

test("a server that goes silent is left, and the outcome is found out on another connection", async ({ skip }) => {
  const url = await postgres.createDatabase();
  const [store, other] = [await opened(`${url}&pool_size=3`, { mostLent: 400 }), await outsider(url)];
  const acme = store.tenant("acme");
  await acme.commit([insert(keys, key("a"))], [event("1")]);
  const { rows } = await other.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'koder-id'",
  );
  try {
    for (const { pid } of rows) process.kill(pid, "SIGSTOP");
  } catch {
    return skip("this user may not stop the processes of PostgreSQL");
  }
  try {
    const [read, written] = await Promise.all([
      acme.get(keys, "a"),
      acme.commit([insert(keys, key("b"))], [event("2")]).then(() => "done"),
    ]);
    expect([read?.version, written]).toEqual([1, "done"]);
  } finally {
    for (const { pid } of rows) process.kill(pid, "SIGCONT");
  }
  await expect
    .poll(
      async () =>
        (await other.query("SELECT 1 FROM pg_stat_activity WHERE pid = ANY($1)", [rows.map(({ pid }) => pid)]))
          .rowCount,
    )
    .toBe(0);
  expect((await acme.get(keys, "b"))?.version).toBe(1);
  expect((await store.system().outbox(0, 10)).map((one) => one.event.id)).toEqual(["1", "2"]);
});
