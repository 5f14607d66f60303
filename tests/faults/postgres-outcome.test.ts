import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { event, key, keys, ticket, tickets } from "../../services/store/conformance/test-records.ts";
import { openPostgresStore, type PostgresTuning } from "../../services/store/drivers/postgres/postgres-store.ts";
import type { Store, TenantStore } from "../../services/store/store.ts";
import { insert, remove, replace } from "../../services/store/writes.ts";
import { startCuttingProxy, type Cut, type CuttingProxy } from "../support/cutting-proxy.ts";
import { clusterUrl } from "../support/postgres-cluster.ts";
import { sharedDatabase } from "../support/postgres-shared.ts";

let proxy: CuttingProxy;
let url: string;
let tenants = 0;

beforeAll(async () => {
  url = await sharedDatabase();
  proxy = await startCuttingProxy(Number(new URL(url).port));
});
afterAll(() => proxy.close());

async function opened(at: string, tuning: PostgresTuning = {}): Promise<Store> {
  const store = await openPostgresStore({ url: at, collections: [keys, tickets], clock: () => 1_000, tuning });
  onTestFinished(() => store.close());
  return store;
}

/** A store through the proxy, and one beside it that sees what is there; a tenant of the test's own. */
async function both(tuning?: PostgresTuning) {
  const { pathname } = new URL(url);
  const [store, witness] = [await opened(clusterUrl(proxy.port, pathname.slice(1)), tuning), await opened(url)];
  const id = `tenant${(tenants += 1)}`;
  return { store, tenant: store.tenant(id), there: witness.tenant(id), witness };
}
/** The ids of a tenant's events that wait in the outbox. */
async function outbox(store: Store, tenantId: string): Promise<readonly string[]> {
  const entries = await store.system().outbox(0, 1_000);
  return entries.filter((one) => one.tenantId === tenantId).map((one) => one.event.id);
}

interface Work {
  readonly name: string;
  readonly before: (tenant: TenantStore) => Promise<unknown>;
  readonly work: (tenant: TenantStore) => Promise<unknown>;
  /** What it answers when it was done once. */
  readonly answer: unknown;
  /** What a witness sees then. */
  readonly check: (tenant: TenantStore) => Promise<unknown>;
  readonly events: readonly string[];
}
const works: readonly Work[] = [
  {
    name: "a commit that inserts",
    before: async () => {},
    work: (tenant) =>
      tenant.commit([insert(keys, key("a")), insert(tickets, ticket("t", { code: "c" }))], [event("1")]),
    answer: undefined,
    async check(tenant) {
      expect((await tenant.get(keys, "a"))?.version).toBe(1);
      expect((await tenant.find(tickets, "code", "c"))?.version).toBe(1);
    },
    events: ["1"],
  },
  {
    name: "a commit that replaces, inserts and deletes",
    before: (tenant) => tenant.commit([insert(keys, key("a")), insert(keys, key("b"))], [event("0")]),
    work: (tenant) =>
      tenant.commit(
        [
          replace(keys, key("a", { label: "new" }), 1),
          insert(keys, key("c")),
          remove(keys, { record: key("b"), version: 1 }),
        ],
        [event("1")],
      ),
    answer: undefined,
    async check(tenant) {
      expect(await tenant.get(keys, "a")).toEqual({ record: key("a", { label: "new" }), version: 2 });
      expect(await tenant.get(keys, "b")).toBeUndefined();
      expect((await tenant.get(keys, "c"))?.version).toBe(1);
    },
    events: ["0", "1"],
  },
  {
    name: "add",
    before: (tenant) => tenant.add("hits", 5, 9e15),
    work: (tenant) => tenant.add("hits", 3, 9e15),
    answer: 8,
    async check(tenant) {
      expect(await tenant.add("hits", 0, 9e15)).toBe(8);
    },
    events: [],
  },
  {
    name: "addAll",
    before: (tenant) => tenant.add("hits", 5, 9e15),
    work: (tenant) => tenant.addAll(["z", "hits", "a"].map((counter, at) => ({ counter, n: at + 2, expiresAt: 9e15 }))),
    answer: [2, 8, 4],
    async check(tenant) {
      const seen = ["z", "hits", "a"].map((counter) => ({ counter, n: 0, expiresAt: 9e15 }));
      expect(await tenant.addAll(seen)).toEqual([2, 8, 4]);
    },
    events: [],
  },
];
const cuts: readonly Cut[] = ["before", "in half", "after", "at once", "late"];

describe.each(works)("$name", ({ before, work, answer, check, events }) => {
  test.each(cuts)("is done once when the connection is cut %s COMMIT", async (cut) => {
    const { tenant, there, witness } = await both();
    await before(tenant);
    const seen = proxy.cuts();
    proxy.cutNext(cut);
    expect(await work(tenant)).toEqual(answer);
    expect(proxy.cuts()).toBe(seen + 1);
    // What comes late meets the claim of who resolved it, and must not be done then.
    if (cut === "late") await proxy.deliver();
    await check(there);
    expect(await outbox(witness, tenant.tenantId)).toEqual(events);
  });

  test("is reported as unknown only when it was sent and nobody can be asked", async () => {
    const { tenant, there, witness } = await both({ patience: 500, connectionWait: 200 });
    await before(tenant);
    proxy.cutNext("after", { thenRefuse: true });
    const outcome = await work(tenant).catch((error: unknown) => error);
    proxy.refuse(false);
    expect(outcome).toMatchObject({ name: "StoreUnavailable", outcome: "unknown" });
    // It was done, once; only its caller could not be told.
    await check(there);
    expect(await outbox(witness, tenant.tenantId)).toEqual(events);
  });

  test("is reported as not done when it could not even be sent", async () => {
    const { tenant, witness } = await both({ patience: 500, connectionWait: 200 });
    await before(tenant);
    const outboxBefore = await outbox(witness, tenant.tenantId);
    proxy.refuse(true);
    // Now it knows that its connections are gone; what it sent on one before that would be unknown.
    await expect(tenant.get(keys, "a")).rejects.toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
    const outcome = await work(tenant).catch((error: unknown) => error);
    proxy.refuse(false);
    expect(outcome).toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
    expect(await outbox(witness, tenant.tenantId)).toEqual(outboxBefore);
  });
});

test.each(cuts)("sequencing is done once when the connection is cut %s COMMIT", async (cut) => {
  const { store, tenant, there, witness } = await both();
  const ids = ["1", "2", "3"];
  await tenant.commit(
    ids.map((id) => insert(keys, key(id))),
    ids.map(event),
  );
  const lease = await store.system().lease("sequencer", "a", 60_000);
  if (lease === undefined) throw new Error("the lease is taken");
  const waiting = (await witness.system().outbox(0, 1_000)).length;
  const end = await witness.system().logEnd();
  proxy.cutNext(cut);
  expect(await store.system().sequence(lease, 1_000)).toBe(waiting);
  if (cut === "late") await proxy.deliver();
  expect(await witness.system().logEnd()).toBe(end + waiting);
  expect(await witness.system().outbox(0, 1_000)).toEqual([]);
  expect((await there.events(0, 10)).map((one) => [one.number, one.event.id])).toEqual(ids.map((id, n) => [n + 1, id]));
});

test("a commit that conflicts conflicts, also when its connection is cut", async () => {
  const { tenant, there } = await both();
  await tenant.commit([insert(keys, key("a"))], [event("1")]);
  for (const cut of cuts.filter((one) => one !== "late")) {
    proxy.cutNext(cut);
    await expect(tenant.commit([insert(keys, key("a"))], [event("2")])).rejects.toMatchObject({ reason: "exists" });
  }
  expect((await there.get(keys, "a"))?.version).toBe(1);
});
