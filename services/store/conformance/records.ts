import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { TenantKeySchema } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { insert, remove, replace } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { event, key, keys, ticket, tickets } from "./test-records.ts";

/** What is written is what is read, by its own tenant only. */
export function recordConformance(open: OpenDriver): void {
  describe("records", () => {
    test("get answers what was committed, and undefined for the rest", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await acme.commit([insert(keys, key("a", { label: "x", rank: 7 }))], [event("1")]);
      expect(await acme.get(keys, "a")).toEqual({ record: key("a", { label: "x", rank: 7 }), version: 1 });
      expect(await acme.get(keys, "b")).toBeUndefined();
      expect(await acme.get(tickets, "a")).toBeUndefined();
    });

    test("getAll answers what get would of each id, in their order", async () => {
      const { store, time } = await openedStore(open);
      const acme = store.tenant("acme");
      const ids = ["c", "nobody", "a", "expired", "a", "other's"];
      await acme.commit(
        ["a", "b", "c"].map((id) => insert(tickets, ticket(id, { body: id }))),
        [],
      );
      await acme.commit([replace(tickets, ticket("c", { body: "again" }), 1)], []);
      await acme.commit([insert(tickets, ticket("expired", { expires: time.now + 10 }))], []);
      await store.tenant("other").commit([insert(tickets, ticket("other's"))], []);
      time.now += 10;
      const found = await acme.getAll(tickets, ids);
      expect(found).toEqual(await Promise.all(ids.map((id) => acme.get(tickets, id))));
      expect(found.map((one) => one?.version)).toEqual([2, undefined, 1, undefined, 1, undefined]);
      const many = Array.from({ length: 100 }, (_, n) => `${n}`);
      expect(await acme.getAll(keys, many)).toEqual(many.map(() => undefined));
      for (const refused of [[], [...many, "100"], ["a", ""]]) {
        await expect(acme.getAll(tickets, refused)).rejects.toThrow(RangeError);
      }
    });

    test("version says what get would, until the record is gone", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      const record = ticket("a", { code: "one" });
      await acme.commit([insert(tickets, record)], []);
      expect(await acme.version(tickets, "a")).toBe(1);
      await acme.commit([replace(tickets, record, 1)], []);
      expect(await acme.version(tickets, "a")).toBe(2);
      expect(await acme.version(tickets, "b")).toBeUndefined();
      expect(await acme.version(keys, "a")).toBeUndefined();
      await acme.commit([remove(tickets, { record, version: 2 })], []);
      expect(await acme.version(tickets, "a")).toBeUndefined();
      await expect(acme.version(tickets, "")).rejects.toThrow(RangeError);
    });

    test("find answers by a unique index", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await acme.commit([insert(tickets, ticket("a", { code: "one" })), insert(tickets, ticket("b"))], []);
      expect((await acme.find(tickets, "code", "one"))?.record.id).toBe("a");
      expect(await acme.find(tickets, "code", "two")).toBeUndefined();
      expect(await acme.find(tickets, "code", "")).toBeUndefined();
      expect(await acme.find(tickets, "code", "ONE")).toBeUndefined();
    });

    test("nothing of a tenant can be reached from another", async () => {
      const { store } = await openedStore(open);
      const [acme, other] = [store.tenant("acme"), store.tenant("other")];
      const record = ticket("a", { code: "one", body: "same" });
      await acme.commit([insert(tickets, record)], []);
      await acme.add("hits", 5, 9e15);
      for (const stranger of [other, store.tenant("ACME"), store.system()]) {
        expect(await stranger.get(tickets, "a")).toBeUndefined();
        expect(await stranger.version(tickets, "a")).toBeUndefined();
        expect(await stranger.find(tickets, "code", "one")).toBeUndefined();
        expect((await stranger.page(tickets, { index: "body", limit: 10 })).items).toEqual([]);
        await expect(stranger.commit([replace(tickets, record, 1)], [])).rejects.toMatchObject({ reason: "version" });
        expect(await stranger.deleteRange("everything", 1_000)).toBe(0);
      }
      // Neither the id, nor the unique value, nor the counter is taken for others.
      await other.commit([insert(tickets, record)], []);
      expect(await other.add("hits", 1, 9e15)).toBe(1);
      expect(await acme.add("hits", 0, 9e15)).toBe(5);
    });

    test("unknown fields survive a rewrite", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      // Field 1000, varint 42: what a newer version of the message might have.
      const newer = Buffer.concat([toBinary(TenantKeySchema, key("a")), Buffer.from([0xc0, 0x3e, 42])]);
      await acme.commit([insert(keys, fromBinary(TenantKeySchema, newer))], [event("1")]);
      const read = await acme.get(keys, "a");
      if (read === undefined) throw new Error("the record is gone");
      read.record.masterKeyId = "rewritten";
      await acme.commit([replace(keys, read.record, read.version)], [event("2")]);
      const [unknown] = (await acme.get(keys, "a"))?.record.$unknown ?? [];
      expect(unknown).toMatchObject({ no: 1_000, data: Uint8Array.of(42) });
    });

    test("messages are copies, on the way in and on the way out", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      const given = key("a", { label: "as given" });
      const told = event("as told");
      const committed = acme.commit([insert(keys, given)], [told]);
      given.masterKeyId = "changed";
      told.id = "changed";
      await committed;
      const read = await acme.get(keys, "a");
      expect(read?.record.masterKeyId).toBe("as given");
      expect((await store.system().outbox(0, 1))[0]?.event.id).toBe("as told");
      if (read !== undefined) read.record.masterKeyId = "changed";
      expect((await acme.get(keys, "a"))?.record.masterKeyId).toBe("as given");
    });

    test("text comes back as it was", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      const odd = ["é", "e\u0301", "\u{1F600}", "\uFFFF", "'; DROP TABLE x; --", "%_", "\n\t\u0001", "İ"];
      await acme.commit(
        odd.map((text) => insert(tickets, ticket(text, { code: text }))),
        [],
      );
      for (const text of odd) expect((await acme.find(tickets, "code", text))?.record.id).toBe(text);
    });

    test("deleteRange deletes up to its limit, of one collection or of everything", async () => {
      const { store } = await openedStore(open);
      const [acme, other] = [store.tenant("acme"), store.tenant("other")];
      for (const tenant of [acme, other]) {
        await tenant.commit(
          Array.from({ length: 5 }, (_, n) => insert(tickets, ticket(`t${n}`))),
          [],
        );
        await tenant.commit([insert(keys, key("k"))], [event("1")]);
        await tenant.add("hits", 1, 9e15);
      }
      expect(await acme.deleteRange(tickets, 3)).toBe(3);
      expect(await acme.deleteRange(tickets, 3)).toBe(2);
      expect(await acme.deleteRange(tickets, 3)).toBe(0);
      expect(await acme.get(keys, "k")).toBeDefined();
      expect(await acme.deleteRange("everything", 1)).toBe(1);
      expect(await acme.deleteRange("everything", 10)).toBe(1);
      expect(await acme.get(keys, "k")).toBeUndefined();
      expect(await acme.add("hits", 0, 9e15)).toBe(0);
      expect((await other.page(tickets, { index: "id", limit: 10 })).items).toHaveLength(5);
      expect(await other.add("hits", 0, 9e15)).toBe(1);
    });
  });
}
