import { createHash } from "node:crypto";
import { WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";
import type { Collection, PageQuery } from "../store.ts";
import { insert, replace } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { event, key, keys, ticket, tickets } from "./test-records.ts";

/** Input that no driver could keep or find again gets a RangeError that names it, before anything is written. */
export function inputConformance(open: OpenDriver): void {
  describe("bad input", () => {
    test.each(["", "a b", "a/b", "ä", "a".repeat(65), "acme\n", "system"])("tenant id %j", async (id) => {
      const { store } = await openedStore(open);
      expect(() => store.tenant(id)).toThrow(RangeError);
    });

    test.each([
      ["empty", ""],
      ["with NUL", "a\0b"],
      ["with half a surrogate pair", "a\uD83D"],
      ["of more than 512 bytes", "é".repeat(257)],
    ])("id %s", async (_name, id) => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await expect(acme.get(tickets, id)).rejects.toThrow(/test_tickets: the id/);
      await expect(acme.commit([insert(tickets, ticket(id))], [])).rejects.toThrow(RangeError);
      await expect(acme.add(id, 1, 9e15)).rejects.toThrow(/counter: the id/);
    });

    test("the longest id, counted in bytes, is fine", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const id = "é".repeat(256);
      await acme.commit([insert(tickets, ticket(id))], []);
      expect((await acme.get(tickets, id))?.record.id).toBe(id);
    });

    test("the longest index value beside the longest id of the longest tenant is fine", async () => {
      const tenant = (await openedStore(open)).store.tenant("t".repeat(64));
      // Hardly compressible.
      const noise = (from: number, bytes: number): string => {
        let text = "";
        for (let n = from; text.length < bytes; n += 1) text += createHash("sha256").update(String(n)).digest("base64");
        return text.slice(0, bytes);
      };
      const [id, label] = [noise(0, 512), noise(1_000, 2_048)];
      await tenant.commit([insert(keys, key(id, { label }))], [event("1")]);
      await tenant.commit([insert(tickets, ticket(id, { code: label, body: label }))], []);
      expect((await tenant.page(keys, { index: "label", equals: label, limit: 1 })).items).toHaveLength(1);
      expect((await tenant.find(tickets, "code", label))?.record.id).toBe(id);
    });

    test.each([
      ["limit 0", { index: "id", limit: 0 }],
      ["limit 1001", { index: "id", limit: 1_001 }],
      ["limit 1.5", { index: "id", limit: 1.5 }],
      ["an index that is not declared", { index: "nope", limit: 1 }],
      ["a name that every object has", { index: "constructor", limit: 1 }],
      ["two conditions", { index: "label", limit: 1, equals: "a", prefix: "a" }],
      ["a prefix of an integer", { index: "rank", limit: 1, prefix: "1" }],
      ["a number for a text", { index: "label", limit: 1, equals: 1 }],
      ["a text for a number", { index: "rank", limit: 1, equals: "1" }],
      ["a fraction", { index: "rank", limit: 1, equals: 0.5 }],
      ["an unsafe integer", { index: "rank", limit: 1, range: { from: 2 ** 53 } }],
      ["no number", { index: "rank", limit: 1, range: { to: Number.NaN } }],
      ["NUL in a prefix", { index: "label", limit: 1, prefix: "\0" }],
      ["a position of another type", { index: "rank", limit: 1, after: { value: "1", id: "a" } }],
      ["a position without id", { index: "rank", limit: 1, after: { value: 1, id: "" } }],
    ] satisfies [string, PageQuery][])("page with %s", async (_name, query) => {
      const acme = (await openedStore(open)).store.tenant("acme");
      await expect(acme.page(keys, query)).rejects.toThrow(RangeError);
    });

    test("find by what is no unique index", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      await expect(acme.find(tickets, "body", "x")).rejects.toThrow("no unique index body");
      await expect(acme.find(tickets, "code", 5)).rejects.toThrow(RangeError);
    });

    test("a record over 1 MiB; one of just that much is fine", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const large = (size: number) => {
        const record = ticket("large");
        // Two bytes of framing for the id, two for the tag of field 1000.
        record.$unknown = [
          { no: 1_000, wireType: WireType.LengthDelimited, data: lengthDelimited(size - "large".length - 4) },
        ];
        return record;
      };
      await acme.commit([insert(tickets, large(1 << 20))], []);
      await expect(acme.commit([replace(tickets, large((1 << 20) + 1), 1)], [])).rejects.toThrow(/1048577 bytes/);
    });

    test("values of indexes and of expiry that cannot be kept", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      for (const label of ["\uDC00", "a\0", "x".repeat(2_049)]) {
        await expect(acme.commit([insert(keys, key("a", { label }))], [event("1")])).rejects.toThrow("test_keys.label");
      }
      const endless = ticket("a", { expires: 0 });
      if (endless.expireTime !== undefined) endless.expireTime.nanos = Number.NaN;
      await expect(acme.commit([insert(tickets, endless)], [])).rejects.toThrow(Error);
      expect(await acme.get(tickets, "a")).toBeUndefined();
    });

    test("commits that name nothing, or a record twice, or no version", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      await expect(acme.commit([], [])).rejects.toThrow(RangeError);
      await expect(acme.commit([insert(tickets, ticket("a")), replace(tickets, ticket("a"), 1)], [])).rejects.toThrow(
        "written twice",
      );
      await expect(acme.commit([replace(tickets, ticket("a"), Number.NaN)], [])).rejects.toThrow("version");
    });

    test("a collection that was not declared", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const undeclared: Collection<typeof tickets.schema> = { ...tickets, name: "test_others" };
      await expect(acme.get(undeclared, "a")).rejects.toThrow("test_others was not declared");
      await expect(acme.commit([insert(undeclared, ticket("a"))], [])).rejects.toThrow(RangeError);
      await expect(acme.deleteRange(undeclared as unknown as Collection, 1)).rejects.toThrow(RangeError);
    });

    test("counters and batches", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await expect(acme.add("hits", 0.5, 9e15)).rejects.toThrow("n: must be a safe integer");
      await expect(acme.add("hits", 1, Number.POSITIVE_INFINITY)).rejects.toThrow("expiresAt");
      expect(await acme.add("hits", Number.MAX_SAFE_INTEGER, 9e15)).toBe(Number.MAX_SAFE_INTEGER);
      await expect(acme.add("hits", 1, 9e15)).rejects.toThrow(RangeError);
      expect(await acme.add("hits", -1, 9e15)).toBe(Number.MAX_SAFE_INTEGER - 1);
      const one = { counter: "others", n: 1, expiresAt: 9e15 };
      await expect(acme.addAll([one, { ...one, counter: "hits", n: 2 }])).rejects.toThrow(RangeError);
      await expect(acme.addAll([one, { ...one, counter: "" }])).rejects.toThrow(/counter: the id/);
      await expect(acme.addAll([one, { ...one, counter: "more", n: 0.5 }])).rejects.toThrow(
        "n: must be a safe integer",
      );
      await expect(acme.addAll([one, one])).rejects.toThrow("twice");
      await expect(acme.addAll([])).rejects.toThrow("1 to 100");
      const many = Array.from({ length: 101 }, (_, n) => ({ ...one, counter: `c${n}` }));
      await expect(acme.addAll(many)).rejects.toThrow("1 to 100");
      // All or nothing: the first of what was refused has not been added to.
      expect(await acme.add("others", 1, 9e15)).toBe(1);
      await expect(acme.deleteRange("everything", 0)).rejects.toThrow("limit");
      await expect(store.system().sweep(1_001)).rejects.toThrow("limit");
      await expect(store.system().outbox(Number.NaN, 1)).rejects.toThrow("after");
    });
  });
}

/** Zeros behind their length, `size` bytes together, as protobuf frames a field of about a mebibyte. */
function lengthDelimited(size: number): Uint8Array {
  const length = size - 3;
  return Buffer.concat([
    Uint8Array.of((length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14),
    new Uint8Array(length),
  ]);
}
