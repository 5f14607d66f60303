import { Client } from "pg";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { sharedDatabase } from "../../../../tests/support/postgres-shared.ts";
import { event, key, keys, tickets } from "../../conformance/test-records.ts";
import type { Store } from "../../store.ts";
import { insert } from "../../writes.ts";
import { openPostgresStore } from "./postgres-store.ts";

let url = "";
beforeEach(async () => {
  url = await sharedDatabase();
}, 60_000);

async function opened(): Promise<Store> {
  const tuning = { limits: { lock: 100 } };
  const store = await openPostgresStore({ url, collections: [keys, tickets], clock: () => 1_000, tuning });
  onTestFinished(() => store.close());
  return store;
}
const write = (store: Store, id: string) => store.tenant("acme").commit([insert(keys, key(id))], [event(id)]);
const refused = { name: "StoreUnavailable", outcome: "not done" };

test("a store that is held refuses what other processes change, and serves what they read", async () => {
  const [holder, other] = [await opened(), await opened()];
  await write(other, "before");
  const hold = await holder.bulk().hold();
  await expect(write(other, "meanwhile")).rejects.toMatchObject(refused);
  await expect(other.tenant("acme").deleteRange(keys, 10)).rejects.toMatchObject(refused);
  expect((await other.tenant("acme").get(keys, "before"))?.version).toBe(1);
  await hold.release();
  await write(other, "after");
  expect(await holder.bulk().count("test_keys")).toBe(2);
});

test("many who write the same tables in any order do not keep it from being held", async () => {
  const [holder, other] = [await opened(), await opened()];
  const over = new AbortController();
  async function writer(name: string): Promise<void> {
    for (let n = 0; !over.signal.aborted; n += 1) await write(other, `${name}${n}`).catch(() => {});
  }
  const writers = ["a", "b", "c", "d"].map(writer);
  for (let round = 0; round < 5; round += 1) {
    const hold = await holder.bulk().hold();
    const counts = [await holder.bulk().count("test_keys"), await holder.bulk().count("outbox")];
    expect([await holder.bulk().count("test_keys"), await holder.bulk().count("outbox")]).toEqual(counts);
    await hold.release();
  }
  over.abort();
  await Promise.all(writers);
});

test("who held it hears that it was not held to the end", async () => {
  const [holder, other] = [await opened(), await opened()];
  const hold = await holder.bulk().hold();
  const admin = new Client({ connectionString: url });
  await admin.connect();
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle in transaction'`);
  await admin.end();
  await expect(hold.release()).rejects.toThrow("the store was not held until now");
  await write(other, "after");
});
