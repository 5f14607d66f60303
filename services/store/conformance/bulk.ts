import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { recordRow } from "../bulk-rows.ts";
import type { BulkRow, BulkStore } from "../bulk-store.ts";
import type { Store } from "../store.ts";
import { insert, replace } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { event, key, keys, ticket, tickets } from "./test-records.ts";

/** Every row of a part, in pages of two. */
async function allRows(bulk: BulkStore, part: string): Promise<readonly BulkRow[]> {
  const all: BulkRow[] = [];
  for (;;) {
    const rows = await bulk.rows(part, all.at(-1), 2);
    all.push(...rows);
    if (rows.length < 2) return all;
  }
}

/** Takes everything of `keys`, `tickets` and the rest away, so that what was read can be inserted again. */
async function emptied(store: Store, tenants: readonly string[]): Promise<void> {
  for (const tenant of [...tenants.map((id) => store.tenant(id)), store.system()]) {
    while ((await tenant.deleteRange("everything", 1_000)) > 0);
  }
}

const noBytes = new Uint8Array();
const later = Date.UTC(2027, 0, 1);
const counterRow = (tenantId: string, name: string, value: number): BulkRow => ({
  tenantId,
  key: name,
  number: value,
  expiresAt: later,
  data: noBytes,
});
const eventRow = (tenantId: string, position: number, number = 0): BulkRow => ({
  tenantId,
  key: position,
  number,
  expiresAt: undefined,
  data: toBinary(EventSchema, event(`${position}`)),
});
const endRow = (tenantId: string, number: number): BulkRow => ({
  tenantId,
  key: "",
  number,
  expiresAt: undefined,
  data: noBytes,
});

/** Whole rows go out and in as they are, whatever is in them. */
export function bulkConformance(open: OpenDriver): void {
  describe("whole rows", () => {
    test("of every part are given in order, page by page, with everything that they have", async () => {
      const { store, time } = await openedStore(open);
      const bulk = store.bulk();
      expect(bulk.parts).toEqual(["test_keys", "test_tickets", "counters", "outbox", "log", "log_ends"]);
      for (const part of bulk.parts) {
        expect([await bulk.rows(part, undefined, 10), await bulk.count(part), await bulk.last(part)], part).toEqual([
          [],
          0,
          undefined,
        ]);
      }
      const [b, a] = [store.tenant("b"), store.tenant("a")];
      await b.commit([insert(keys, key("2")), insert(keys, key("10"))], [event("1")]);
      await a.commit([insert(keys, key("ß", { label: "x", rank: 3 }))], [event("2")]);
      await a.commit([replace(keys, key("ß", { label: "y", rank: 4 }), 1)], [event("3")]);
      await store.system().commit([insert(keys, key("s"))], [event("4")]);
      await a.commit([insert(tickets, ticket("t", { code: "c", expires: time.now + 5 }))], []);
      await a.add("hits", -7, time.now + 9);
      const lease = await store.system().lease("sequencer", "a", 1_000);
      if (lease === undefined) throw new Error("the lease is taken");
      await store.system().sequence(lease, 3);
      time.now += 50; // what is expired by now has not been swept

      const places = (rows: readonly BulkRow[]) => rows.map((row) => [row.tenantId, row.key, row.number]);
      expect(await allRows(bulk, "test_keys")).toEqual([
        recordRow(keys, "a", key("ß", { label: "y", rank: 4 }), 2),
        recordRow(keys, "b", key("10")),
        recordRow(keys, "b", key("2")),
        recordRow(keys, "system", key("s")),
      ]);
      expect(await allRows(bulk, "test_tickets")).toEqual([
        recordRow(tickets, "a", ticket("t", { code: "c", expires: time.now - 45 })),
      ]);
      expect(await allRows(bulk, "counters")).toEqual([
        { tenantId: "a", key: "hits", number: -7, expiresAt: time.now - 41, data: noBytes },
      ]);
      expect(await allRows(bulk, "log")).toEqual([
        { ...eventRow("b", 1, 1), data: toBinary(EventSchema, event("1")) },
        { ...eventRow("a", 2, 1), data: toBinary(EventSchema, event("2")) },
        { ...eventRow("a", 3, 2), data: toBinary(EventSchema, event("3")) },
      ]);
      expect(places(await allRows(bulk, "log_ends"))).toEqual([
        ["*", "", 3],
        ["a", "", 2],
        ["b", "", 1],
      ]);
      const [waiting] = await allRows(bulk, "outbox");
      expect([waiting?.tenantId, waiting?.number, waiting?.expiresAt, waiting?.data]).toEqual([
        "system",
        0,
        undefined,
        toBinary(EventSchema, event("4")),
      ]);
      for (const part of bulk.parts) {
        const rows = await allRows(bulk, part);
        expect(await bulk.count(part), part).toBe(rows.length);
        expect(await bulk.last(part), part).toEqual({ tenantId: rows.at(-1)?.tenantId, key: rows.at(-1)?.key });
      }
    });

    test("of records that are inserted are there like all others: by id, index, version and expiry", async () => {
      const { store, time } = await openedStore(open);
      const bulk = store.bulk();
      // A field that no version of the message knows: number 999, text "later".
      const unknown = Uint8Array.from([0xba, 0x3e, 5, ...Buffer.from("later")]);
      const known = recordRow(keys, "acme", key("k", { label: "here", rank: 7 }), 41);
      const strange = { ...known, data: Uint8Array.from([...known.data, ...unknown]) };
      const more = Array.from({ length: 999 }, (_, n) => recordRow(keys, "zeta", key(`k${n}`, { rank: n + 1 })));
      await bulk.insert("test_keys", [strange, ...more]);
      await bulk.insert("test_tickets", [
        recordRow(tickets, "acme", ticket("dead", { code: "dead", expires: time.now - 1 })),
        recordRow(tickets, "acme", ticket("live", { code: "live", expires: time.now + 1 })),
      ]);
      const [acme, zeta] = [store.tenant("acme"), store.tenant("zeta")];
      expect((await bulk.rows("test_keys", undefined, 1))[0]).toEqual(strange);
      const stored = await acme.get(keys, "k");
      expect([stored?.version, stored?.record.version]).toEqual([41, 7]);
      expect((await acme.page(keys, { index: "label", equals: "here", limit: 10 })).items).toHaveLength(1);
      const some = await zeta.page(keys, { index: "rank", range: { from: 998 }, limit: 10 });
      expect(some.items.map(({ record }) => record.tenantId)).toEqual(["k997", "k998"]);
      expect((await acme.find(tickets, "code", "live"))?.record.id).toBe("live");
      expect(await acme.find(tickets, "code", "dead")).toBeUndefined();
      expect(await bulk.count("test_tickets")).toBe(2);
      await acme.commit([replace(keys, key("k", { label: "there" }), 41)], [event("1")]);
      expect((await acme.get(keys, "k"))?.version).toBe(42);
      await acme.commit([insert(tickets, ticket("new", { code: "dead" }))], []);
      expect(await store.system().outbox(0, 10)).toHaveLength(1);
    });

    test("of the other parts go on where they were", async () => {
      const { store } = await openedStore(open);
      const [bulk, system, acme] = [store.bulk(), store.system(), store.tenant("acme")];
      await bulk.insert("counters", [counterRow("acme", "hits", 5)]);
      await bulk.insert("log", [eventRow("acme", 1, 1), eventRow("other", 2, 1), eventRow("acme", 3, 2)]);
      await bulk.insert("log_ends", [endRow("*", 3), endRow("acme", 2), endRow("other", 1)]);
      await bulk.insert("outbox", [eventRow("acme", 70), eventRow("other", 90)]);
      expect(await acme.add("hits", 1, later)).toBe(6);
      expect((await acme.events(1, 10)).map(({ number, event: one }) => [number, one.id])).toEqual([[2, "3"]]);
      expect(await system.logEnd()).toBe(3);
      await acme.commit([insert(keys, key("a"))], [event("91")]);
      const waiting = await system.outbox(0, 10);
      expect(waiting.map(({ event: one }) => one.id)).toEqual(["70", "90", "91"]);
      expect(waiting.map(({ position }) => position).slice(0, 2)).toEqual([70, 90]);
      expect(waiting[2]?.position).toBeGreaterThan(90);
      const lease = await system.lease("sequencer", "a", 1_000);
      if (lease === undefined) throw new Error("the lease is taken");
      expect(await system.sequence(lease, 10)).toBe(3);
      const entries = await system.log(3, 10);
      expect(entries.map((one) => [one.position, one.tenantId, one.number, one.event.id])).toEqual([
        [4, "acme", 3, "70"],
        [5, "other", 2, "90"],
        [6, "acme", 4, "91"],
      ]);
    });

    test("taken out and put in again are the same, and so is what they give", async () => {
      const { store } = await openedStore(open);
      const bulk = store.bulk();
      for (const tenant of ["acme", "other"]) {
        const writes = Array.from({ length: 5 }, (_, n) => insert(keys, key(`k${n}`, { label: "x", rank: n + 1 })));
        await store.tenant(tenant).commit(writes, [event(tenant)]);
      }
      const before = await allRows(bulk, "test_keys");
      const page = await store.tenant("acme").page(keys, { index: "rank", descending: true, limit: 10 });
      await emptied(store, ["acme", "other"]);
      expect(await bulk.count("test_keys")).toBe(0);
      await bulk.insert("test_keys", before);
      expect(await allRows(bulk, "test_keys")).toEqual(before);
      expect(await store.tenant("acme").page(keys, { index: "rank", descending: true, limit: 10 })).toEqual(page);
    });

    test("are inserted all or not at all", async () => {
      const { store } = await openedStore(open);
      const bulk = store.bulk();
      await store.tenant("acme").commit([insert(tickets, ticket("b", { code: "taken" }))], []);
      const row = (id: string, code = "") => recordRow(tickets, "acme", ticket(id, { code }));
      await expect(bulk.insert("test_tickets", [row("a"), row("b")])).rejects.toThrow("is there already");
      await expect(bulk.insert("test_tickets", [row("a"), row("c", "taken")])).rejects.toThrow("breaks a unique index");
      expect(await bulk.count("test_tickets")).toBe(1);
      await bulk.insert("log", [eventRow("acme", 1, 1)]);
      await expect(bulk.insert("log", [eventRow("acme", 2, 2), eventRow("acme", 3, 2)])).rejects.toThrow("log: a row");
      expect(await bulk.count("log")).toBe(1);
    });

    test.each<readonly [why: string, message: string, part: string, row: Partial<BulkRow>]>([
      ["the id of another record", "is not the id of its record", "test_keys", { key: "other" }],
      ["no tenant's id", "a tenant id is", "test_keys", { tenantId: "a/b" }],
      ["a version below 1", "versions start at 1", "test_keys", { number: 0 }],
      ["bytes that are no record", "are no record", "test_keys", { data: Uint8Array.from([1, 2, 3]) }],
      ["a time that is no integer", "expiresAt: must be a safe integer", "test_keys", { expiresAt: 1.5 }],
      ["a counter that never expires", "always expires", "counters", { key: "hits" }],
      ["an event at no position", "a position from 1 on", "outbox", { key: "k" }],
      ["an event at position 0", "a position from 1 on", "log", { key: 0 }],
      ["an event that expires", "never expires", "log", { key: 1, expiresAt: 5 }],
      ["a log's end with a key", "must be empty", "log_ends", { key: "k" }],
    ])("with %s are refused", async (_why, message, part, wrong) => {
      const { store } = await openedStore(open);
      const row = { ...recordRow(keys, "acme", key("k")), ...wrong };
      await expect(store.bulk().insert(part, [row])).rejects.toThrow(message);
      expect(await store.bulk().count(part)).toBe(0);
    });

    test("of parts that are not there, and too many, are refused", async () => {
      const { store } = await openedStore(open);
      const bulk = store.bulk();
      await expect(bulk.rows("leases", undefined, 1)).rejects.toThrow("the store has no part leases");
      await expect(bulk.count('x" OR 1=1')).rejects.toThrow(RangeError);
      await expect(bulk.insert("test_none", [])).rejects.toThrow(RangeError);
      await expect(bulk.rows("log", undefined, 1_001)).rejects.toThrow(RangeError);
      await expect(bulk.insert("log", [])).rejects.toThrow(RangeError);
      expect(await bulk.unknown()).toEqual([]);
    });

    test("stand still while the store is held, and can be read", async () => {
      const { store } = await openedStore(open);
      const [bulk, acme] = [store.bulk(), store.tenant("acme")];
      await acme.commit([insert(keys, key("before"))], [event("1")]);
      const hold = await bulk.hold();
      const changes = await Promise.allSettled([
        acme.commit([insert(keys, key("meanwhile"))], [event("2")]),
        acme.add("hits", 1, later),
        bulk.insert("log", [eventRow("acme", 1, 1)]),
      ]);
      const refused = { status: "rejected", reason: { name: "StoreUnavailable", outcome: "not done" } };
      expect(changes).toMatchObject([refused, refused, refused]);
      expect([await bulk.count("test_keys"), await bulk.count("outbox")]).toEqual([1, 1]);
      await hold.release();
      await acme.commit([insert(keys, key("after"))], [event("3")]);
      expect(await bulk.count("test_keys")).toBe(2);
      await expect(hold.release()).rejects.toThrow("held");
    }, 30_000);
  });
}
