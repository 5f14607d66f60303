import { describe, expect, test } from "vitest";
import { insert, remove, replace } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { ticket, tickets } from "./test-records.ts";

/** A record or counter past its expiry is absent for every operation, swept or not. */
export function expiryConformance(open: OpenDriver): void {
  async function withTicket() {
    const { store, time } = await openedStore(open);
    const acme = store.tenant("acme");
    const record = ticket("a", { code: "x", body: "b", expires: time.now + 1_000 });
    await acme.commit([insert(tickets, record)], []);
    return { store, time, acme, record };
  }

  describe("expiry", () => {
    test("counts from its very millisecond", async () => {
      const { time, acme } = await withTicket();
      time.now += 999;
      expect(await acme.get(tickets, "a")).toBeDefined();
      time.now += 1;
      expect(await acme.get(tickets, "a")).toBeUndefined();
    });

    test("an expired record is absent for every read", async () => {
      const { time, acme } = await withTicket();
      time.now += 1_000;
      expect(await acme.get(tickets, "a")).toBeUndefined();
      expect(await acme.find(tickets, "code", "x")).toBeUndefined();
      expect((await acme.page(tickets, { index: "id", limit: 10 })).items).toEqual([]);
      expect((await acme.page(tickets, { index: "body", equals: "b", limit: 10 })).items).toEqual([]);
    });

    test("an expired record cannot be replaced or deleted", async () => {
      const { time, acme, record } = await withTicket();
      time.now += 1_000;
      const later = ticket("a", { expires: time.now + 1_000 });
      await expect(acme.commit([replace(tickets, later, 1)], [])).rejects.toMatchObject({ reason: "version" });
      await expect(acme.commit([remove(tickets, { record, version: 1 })], [])).rejects.toMatchObject({
        reason: "version",
      });
      expect(await acme.get(tickets, "a")).toBeUndefined();
    });

    test("an expired record keeps neither its id nor its unique value", async () => {
      const { time, acme } = await withTicket();
      await acme.commit([insert(tickets, ticket("b", { code: "y" }))], []);
      time.now += 1_000;
      await acme.commit([replace(tickets, ticket("b", { code: "x" }), 1)], []);
      expect((await acme.find(tickets, "code", "x"))?.record.id).toBe("b");
      await acme.commit([insert(tickets, ticket("a", { code: "z" }))], []);
      expect((await acme.get(tickets, "a"))?.version).toBe(1);
    });

    test("a commit that conflicts leaves the expired record as absent as it was", async () => {
      const { time, acme } = await withTicket();
      await acme.commit([insert(tickets, ticket("b", { code: "y" }))], []);
      time.now += 1_000;
      await expect(acme.commit([insert(tickets, ticket("a", { code: "y" }))], [])).rejects.toMatchObject({
        reason: "unique",
        index: "code",
      });
      expect(await acme.get(tickets, "a")).toBeUndefined();
    });

    test("a replace may move the expiry", async () => {
      const { time, acme } = await withTicket();
      await acme.commit([replace(tickets, ticket("a"), 1)], []);
      time.now += 10_000;
      expect(await acme.get(tickets, "a")).toBeDefined();
    });

    test("a counter keeps the expiry it started with, and starts again after it", async () => {
      const { store, time } = await openedStore(open);
      const acme = store.tenant("acme");
      const start = time.now;
      expect(await acme.add("hits", 3, start + 1_000)).toBe(3);
      expect(await acme.add("hits", 4, start + 9_000)).toBe(7);
      time.now = start + 1_000;
      expect(await acme.add("hits", 2, start + 2_000)).toBe(2);
      time.now = start + 1_999;
      expect(await acme.add("hits", -5, start + 9_000)).toBe(-3);
    });

    test("several counters at once: each keeps its own expiry, and their values come in the order given", async () => {
      const { store, time } = await openedStore(open);
      const acme = store.tenant("acme");
      const start = time.now;
      const one = (counter: string, n: number, lifetime: number) => ({ counter, n, expiresAt: start + lifetime });
      expect(await acme.addAll([one("b", 2, 1_000), one("a", 1, 9_000), one("c", -3, 9_000)])).toEqual([2, 1, -3]);
      expect(await store.tenant("other").addAll([one("b", 1, 9_000)])).toEqual([1]);
      time.now = start + 1_000;
      expect(await acme.addAll([one("c", 1, 9_000), one("b", 5, 9_000), one("a", 0, 9_000)])).toEqual([-2, 5, 1]);
      expect(await acme.add("b", 0, start + 9_000)).toBe(5);
    });

    test("sweep removes what has expired, of any tenant, in batches, and nothing else", async () => {
      const { store, time } = await openedStore(open);
      for (const tenant of [store.tenant("acme"), store.tenant("other"), store.system()]) {
        await tenant.commit(
          [0, 1, 2].map((n) => insert(tickets, ticket(`t${n}`, { code: `c${n}`, expires: time.now + 10 }))),
          [],
        );
        await tenant.commit([insert(tickets, ticket("stays"))], []);
        await tenant.commit([insert(tickets, ticket("later", { expires: time.now + 11 }))], []);
        await tenant.add("hits", 1, time.now + 10);
        await tenant.add("later", 1, time.now + 11);
      }
      expect(await store.system().sweep(1_000)).toBe(0);
      time.now += 10;
      expect(await store.system().sweep(7)).toBe(7);
      expect(await store.system().sweep(1_000)).toBe(5);
      expect(await store.system().sweep(1_000)).toBe(0);
      const acme = store.tenant("acme");
      expect((await acme.page(tickets, { index: "id", limit: 10 })).items).toHaveLength(2);
      expect(await acme.add("later", 1, time.now + 1)).toBe(2);
      // They are gone, not only hidden: time cannot bring them back.
      time.now -= 10;
      expect(await acme.get(tickets, "t0")).toBeUndefined();
    });
  });
}
