import { describe, expect, onTestFinished, test } from "vitest";
import { recordRow } from "../bulk-rows.ts";
import type { BulkRow } from "../bulk-store.ts";
import { event, key, keys, ticket, tickets } from "../conformance/test-records.ts";
import { testFolder } from "../drivers/sqlite/test-folder.ts";
import { openStore } from "../open-store.ts";
import type { Collection, Store } from "../store.ts";
import { insert, replace } from "../writes.ts";
import { sumOfAll } from "./checksums.ts";
import { copyStore, hasEqualSums, type CopiedStore } from "./copy-store.ts";
import { refuseUnfinishedCopy, storeCopies } from "./store-copies.ts";

const collections = [keys, tickets, storeCopies] as readonly Collection[];
const later = Date.UTC(2027, 0, 1);

/** Time that moves only while somebody waits. */
function ownTime() {
  const time = { now: Date.UTC(2026, 0, 1) };
  return { time, delay: async (milliseconds: number) => void (time.now += milliseconds) };
}

async function opened(url = "memory:", clock = () => Date.UTC(2026, 0, 1), declared = collections): Promise<Store> {
  const store = await openStore({ url, collections: declared, clock });
  onTestFinished(() => store.close());
  return store;
}

/** A store with something in every part; more rows than one batch. */
async function filled(store: Store): Promise<Store> {
  const rows = (tenant: string, count: number): BulkRow[] =>
    Array.from({ length: count }, (_, n) => recordRow(keys, tenant, key(`k${n}`, { label: "x", rank: n + 1 }), n + 1));
  await store.bulk().insert("test_keys", rows("acme", 700));
  await store.bulk().insert("test_keys", rows("other", 900));
  const acme = store.tenant("acme");
  await acme.commit([insert(tickets, ticket("t", { code: "c", expires: later }))], []);
  await acme.add("hits", 7, later);
  const lease = await store.system().lease("sequencer", "server", 1_000);
  if (lease === undefined) throw new Error("the lease is taken");
  for (let n = 0; n < 600; n += 1) await acme.commit([replace(keys, key("k0"), n + 1)], [event(`e${n}`)]);
  expect(await store.system().sequence(lease, 550)).toBe(550);
  await store.system().release(lease);
  return store;
}

let names = 0;

function copy(source: Store, target: Store, { time, delay } = ownTime()): Promise<CopiedStore> {
  return copyStore({
    source,
    target,
    lease: { name: "sequencer", holder: "copy", patience: 10_000 },
    newId: () => `store${(names += 1)}`,
    clock: () => time.now,
    delay,
    onPhase: () => {},
    onRows: () => {},
  });
}

/** A store whose inserts stop working after some of them, as if the process had ended. */
function failingAfter(store: Store, inserts: number): Store {
  let left = inserts;
  const bulk = store.bulk();
  return {
    ...store,
    bulk: () => ({
      ...bulk,
      async insert(part, rows) {
        if (left === 0) throw new Error("the machine has stopped");
        left -= 1;
        return bulk.insert(part, rows);
      },
    }),
  };
}

const rowsIn = (parts: CopiedStore["parts"]) => parts.reduce((sum, { source }) => sum + sumOfAll(source).rows, 0);

describe("a copy", () => {
  test("has every row, and the log and the counters go on in it", async () => {
    const [source, target] = [await filled(await opened()), await opened()];
    const { copied, parts, isEqual } = await copy(source, target);
    expect(isEqual).toBe(true);
    expect(copied).toBe(700 + 900 + 1 + 1 + 50 + 550 + 2);
    expect(parts.map(({ part, source: { size } }) => [part, size])).toEqual([
      ["test_keys", 2],
      ["test_tickets", 1],
      ["counters", 1],
      ["outbox", 1],
      ["log", 1],
      ["log_ends", 2],
    ]);
    await refuseUnfinishedCopy(target);
    const acme = target.tenant("acme");
    expect((await acme.get(keys, "k0"))?.version).toBe(601);
    expect(await acme.add("hits", 1, later)).toBe(8);
    await acme.commit([replace(keys, key("k0"), 601)], [event("new")]);
    const system = target.system();
    const lease = await system.lease("sequencer", "server", 1_000);
    expect(lease && (await system.sequence(lease, 1_000))).toBe(51);
    const entries = await acme.events(549, 1_000);
    expect(entries.map(({ number }) => number)).toEqual(Array.from({ length: 52 }, (_, n) => 550 + n));
    expect(entries.map((one) => one.event.id).slice(-2)).toEqual(["e599", "new"]);
  });

  test("that stops anywhere goes on, copies no row twice, and no server starts before its end", async () => {
    const source = await filled(await opened());
    const target = await opened();
    let attempts = 1;
    let result: CopiedStore | undefined;
    // One batch an attempt: it stops at every place where it can.
    while (result === undefined) {
      try {
        result = await copy(source, failingAfter(target, 1));
      } catch (error) {
        expect(String(error)).toContain("the machine has stopped");
        await expect(refuseUnfinishedCopy(target)).rejects.toThrow("unfinished copy");
        attempts += 1;
      }
    }
    expect([attempts, result.isEqual, result.copied]).toEqual([10, true, 2]);
    for (const part of source.bulk().parts.filter((one) => one !== "store_copies")) {
      expect(await target.bulk().count(part), part).toBe(await source.bulk().count(part));
    }
  });

  test("sees every difference: a row that is missing, one too many, another version, expiry, byte", async () => {
    const row = recordRow(keys, "acme", key("a", { rank: 1 }));
    const base = [row, recordRow(keys, "acme", key("b"))];
    const differences: readonly (readonly BulkRow[])[] = [
      base.slice(1),
      [...base, recordRow(keys, "other", key("c"))],
      [{ ...row, number: 2 }, ...base.slice(1)],
      [{ ...row, expiresAt: later }, ...base.slice(1)],
      [recordRow(keys, "acme", key("a", { rank: 2 })), ...base.slice(1)],
    ];
    for (const different of differences) {
      const [source, target] = [await opened(), await opened()];
      await source.bulk().insert("test_keys", base);
      await expect(copy(source, failingAfter(target, 0))).rejects.toThrow("stopped");
      await target.bulk().insert("test_keys", different);
      // As far as it can see, only what is behind the last row is missing.
      const last = await target.bulk().last("test_keys");
      expect(last).toBeDefined();
      const { parts, isEqual } = await copy(source, target);
      expect(isEqual).toBe(false);
      expect(parts.filter((part) => !hasEqualSums(part)).map(({ part }) => part)).toEqual(["test_keys"]);
      await expect(refuseUnfinishedCopy(target)).rejects.toThrow("unfinished copy");
    }
  });

  test("keeps the source from changing, and gives it back whatever happens", async () => {
    const source = await filled(await opened());
    const target = await opened();
    const bulk = target.bulk();
    const write = () => source.tenant("acme").commit([insert(keys, key("new"))], [event("x")]);
    const writing: Store = {
      ...target,
      bulk: () => ({
        ...bulk,
        async insert() {
          await expect(write()).rejects.toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
          throw new Error("the machine has stopped");
        },
      }),
    };
    await expect(copy(source, writing)).rejects.toThrow("stopped");
    await write();
    await expect(copy(source, target)).rejects.toThrow("the source was changed since the copy in the target was begun");
  });

  test("is not made while a server is at work on the source, and waits for the lease of one that was killed", async () => {
    const { time, delay } = ownTime();
    const source = await filled(await opened("memory:", () => time.now));
    await source.system().lease("sequencer", "server", 30_000);
    const target = await opened();
    await expect(copy(source, target, { time, delay })).rejects.toThrow("a server is at work on the source");
    expect(await target.bulk().count("store_copies")).toBe(0);
    time.now += 25_000;
    expect((await copy(source, target, { time, delay })).isEqual).toBe(true);
  });

  test("is not called done when a server went to work on the source meanwhile", async () => {
    const { time, delay } = ownTime();
    const source = await filled(await opened("memory:", () => time.now));
    const target = await opened();
    const bulk = source.bulk();
    const started: Store = {
      ...source,
      bulk: () => ({
        ...bulk,
        async hold() {
          const hold = await bulk.hold();
          return {
            async release() {
              await hold.release();
              time.now += 3_000;
              await source.system().lease("sequencer", "server", 60_000);
            },
          };
        },
      }),
    };
    await expect(copy(started, target, { time, delay })).rejects.toThrow("a server is at work on the source");
    await expect(refuseUnfinishedCopy(target)).rejects.toThrow("unfinished copy");
  });

  test("is not called done when the source was not held until its end", async () => {
    const source = await filled(await opened());
    const target = await opened();
    const bulk = source.bulk();
    const losing: Store = {
      ...source,
      bulk: () => ({
        ...bulk,
        async hold() {
          const hold = await bulk.hold();
          await hold.release();
          return hold;
        },
      }),
    };
    await expect(copy(losing, target)).rejects.toThrow("not held");
    await expect(refuseUnfinishedCopy(target)).rejects.toThrow("unfinished copy");
  });

  test("is refused where source or target are not fit for it", async () => {
    const source = await filled(await opened());
    const empty = await opened();
    await expect(copy(empty, await opened())).rejects.toThrow("the source is empty");
    await expect(copy(source, source)).rejects.toThrow("the same store");
    const used = await opened();
    await used.tenant("acme").add("hits", 1, later);
    await expect(copy(source, used)).rejects.toThrow("the target is not empty: it has counters");

    const half = await opened();
    await expect(copy(source, failingAfter(half, 1))).rejects.toThrow("stopped");
    await expect(copy(half, await opened())).rejects.toThrow("unfinished copy");
    await expect(copy(await filled(await opened()), half)).rejects.toThrow("a copy of another store");
    expect((await copy(source, half)).copied).toBeGreaterThan(0);
    await expect(copy(source, half)).rejects.toThrow("a finished copy of the source");
    // A copy is a store like any other.
    const third = await opened();
    const again = await copy(half, third);
    expect([again.isEqual, again.copied]).toEqual([true, rowsIn(again.parts)]);
  });

  test("of records that this version does not know is refused", async () => {
    const path = `sqlite:${testFolder()}/store.db`;
    const newer = await openStore({ url: path, collections, clock: () => 0 });
    await newer.tenant("acme").commit([insert(tickets, ticket("t"))], []);
    await newer.close();
    const older = await opened(path, () => 0, [keys, storeCopies] as readonly Collection[]);
    await expect(copy(older, await opened())).rejects.toThrow(
      "the source holds records of test_tickets, which this version",
    );
  });
});
