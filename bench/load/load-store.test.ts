import { expect, onTestFinished, test } from "vitest";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { personEvents, tenants } from "../../services/admin/collections.ts";
import { accountChangesReader } from "../../services/auth/account/tell-account-changed.ts";
import { personEventsReader } from "../../services/admin/person-events/note-person-events.ts";
import { defaultTenant } from "../../services/admin/tenants/default-tenant.ts";
import { allCollections } from "../../services/assembly/data.ts";
import { logReaders } from "../../services/host/event-log/log-reader.ts";
import { users } from "../../services/identity/collections.ts";
import { openStore } from "../../services/store/open-store.ts";
import type { Store } from "../../services/store/store.ts";
import { loadStore } from "./load-store.ts";
import { commonPrefix, emailOf, usernameOf } from "./population.ts";

async function emptyStore(): Promise<Store> {
  const store = await openStore({ url: "memory:", collections: allCollections, clock: Date.now });
  onTestFinished(() => store.close());
  return store;
}

const firstStart = (store: Store) =>
  defaultTenant(
    { system: store.system(), clock: Date.now },
    { requestId: "r", tenantId: "system", actor: { id: "test", type: ActorType.SERVICE } },
  );

test("half of the users are the default tenant's, the others the others' alike, each findable as the services look", async () => {
  const store = await emptyStore();
  const {
    record: { id },
  } = await firstStart(store);
  await loadStore(store, { tenants: 5, users: 1_203 });

  const { items } = await store.system().page(tenants, { index: "id", limit: 10 });
  expect(items).toHaveLength(5);
  const counts = await Promise.all(
    items.map(async ({ record }) => {
      const page = await store.tenant(record.id).page(users, { index: "id", limit: 1_000 });
      return [record.id === id, page.items.length] as const;
    }),
  );
  const others = counts.filter(([isDefault]) => !isDefault).map(([, count]) => count);
  expect(counts.find(([isDefault]) => isDefault)?.[1]).toBe(601);
  expect(others.toSorted((a, b) => a - b)).toEqual([150, 150, 151, 151]);

  const data = store.tenant(id);
  const [byName, byEmail] = [
    await data.find(users, "username", usernameOf(601)),
    await data.find(users, "email", emailOf(601)),
  ];
  expect(byName?.record.id).toBe(byEmail?.record.id);
  const { items: some } = await data.page(users, { index: "username", prefix: commonPrefix, limit: 10 });
  expect(some).toHaveLength(10);
});

test("every record has its event, and all of them are in the log", async () => {
  const store = await emptyStore();
  await firstStart(store);
  await loadStore(store, { tenants: 3, users: 700 });
  const system = store.system();
  expect(await system.outbox(0, 1)).toEqual([]);
  // The default tenant, two others, and the users.
  expect(await system.logEnd()).toBe(1 + 2 + 700);
});

test("what reads the log finds nothing left to do", async () => {
  const store = await emptyStore();
  const { record } = await firstStart(store);
  await loadStore(store, { tenants: 1, users: 700 });
  const system = store.system();
  for (const reader of [personEventsReader, accountChangesReader]) {
    expect((await system.get(logReaders, reader))?.record.position).toBe(BigInt(await system.logEnd()));
  }
  const data = store.tenant(record.id);
  const { items } = await data.page(users, { index: "username", prefix: commonPrefix, limit: 1 });
  const query = { index: "id", prefix: `${items[0]?.record.id}/`, limit: 10 } as const;
  expect((await data.page(personEvents, query)).items).toHaveLength(1);
});

test("a store that no server has started on, and one whose server still runs, are not filled", async () => {
  const store = await emptyStore();
  await expect(loadStore(store, { tenants: 1, users: 1 })).rejects.toThrow("no server has started");
  await firstStart(store);
  await store.system().lease("sequencer", "a server", 60_000);
  await expect(loadStore(store, { tenants: 1, users: 1 })).rejects.toThrow("stop it first");
});
