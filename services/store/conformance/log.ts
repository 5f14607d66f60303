import { describe, expect, test } from "vitest";
import { LeaseLost, type Lease, type SystemStore } from "../store.ts";
import { insert, replace } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { event, key, keys } from "./test-records.ts";

async function taken(system: SystemStore, holder = "a"): Promise<Lease> {
  const lease = await system.lease("sequencer", holder, 1_000);
  if (lease === undefined) throw new Error("the lease is taken");
  return lease;
}

/** From the outbox to the log: every event once, numbered without gaps, in the order of each resource's commits. */
export function logConformance(open: OpenDriver): void {
  describe("the event log", () => {
    test("numbers events without gaps, for all tenants and for each, and empties the outbox", async () => {
      const { store } = await openedStore(open);
      const system = store.system();
      expect([await system.logEnd(), await system.log(0, 10)]).toEqual([0, []]);
      const lease = await taken(system);
      expect(await system.sequence(lease, 10)).toBe(0);
      await store.tenant("acme").commit([insert(keys, key("a"))], [event("1"), event("2")]);
      await store.tenant("other").commit([insert(keys, key("a"))], [event("3")]);
      expect(await system.sequence(lease, 10)).toBe(3);
      await system.commit([insert(keys, key("a"))], [event("4")]);
      await store.tenant("acme").commit([replace(keys, key("a"), 1)], [event("5")]);
      expect(await system.sequence(lease, 1)).toBe(1);
      expect(await system.sequence(lease, 1)).toBe(1);
      expect(await system.sequence(lease, 1)).toBe(0);
      const entries = await system.log(0, 10);
      expect(entries.map((one) => [one.position, one.tenantId, one.number, one.event.id])).toEqual([
        [1, "acme", 1, "1"],
        [2, "acme", 2, "2"],
        [3, "other", 1, "3"],
        [4, "system", 1, "4"],
        [5, "acme", 3, "5"],
      ]);
      expect(entries[0]?.event).toEqual(event("1"));
      expect(await system.outbox(0, 10)).toEqual([]);
      expect(await system.logEnd()).toBe(5);
      expect((await system.log(1, 2)).map(({ position }) => position)).toEqual([2, 3]);
      expect((await store.tenant("acme").events(1, 1)).map(({ event: one }) => one.id)).toEqual(["2"]);
      expect((await store.tenant("acme").events(0, 10)).map(({ number }) => number)).toEqual([1, 2, 3]);
      expect(await store.tenant("third").events(0, 10)).toEqual([]);
    });

    test("takes nothing from who lost the lease", async () => {
      const { store, time } = await openedStore(open);
      const system = store.system();
      await store.tenant("acme").commit([insert(keys, key("a"))], [event("1")]);
      const first = await taken(system);
      time.now += 1_000;
      const second = await taken(system, "b");
      await expect(system.sequence(first, 10)).rejects.toThrow(LeaseLost);
      expect([await system.logEnd(), (await system.outbox(0, 10)).length]).toEqual([0, 1]);
      expect(await system.sequence(second, 10)).toBe(1);
    });

    test("has every event once and in the order of its resource, while many write and many sequence", async () => {
      const { store } = await openedStore(open);
      const system = store.system();
      const lease = await taken(system);
      const tenants = ["one", "two", "three"].map((id) => store.tenant(id));
      for (const tenant of tenants) await tenant.commit([insert(keys, key("a"))], [event("1")]);
      const writer = async (n: number): Promise<void> => {
        const tenant = tenants[n % tenants.length];
        for (let done = 0; done < 6;) {
          const version = (await tenant?.get(keys, "a"))?.version ?? 0;
          const won = await tenant?.commit([replace(keys, key("a"), version)], [event(`${version + 1}`)]).then(
            () => true,
            () => false,
          );
          if (won === true) done += 1;
        }
      };
      const written = new AbortController();
      const sequencer = async (): Promise<void> => {
        while (!written.signal.aborted || (await system.outbox(0, 1)).length > 0) await system.sequence(lease, 7);
      };
      const sequencing = [sequencer(), sequencer()];
      await Promise.all(Array.from({ length: 9 }, (_value, n) => writer(n)));
      written.abort();
      await Promise.all(sequencing);
      const expected = Array.from({ length: 19 }, (_value, n) => n + 1);
      for (const tenant of tenants) {
        const entries = await tenant.events(0, 1_000);
        expect(entries.map(({ number }) => number)).toEqual(expected);
        expect(entries.map((one) => Number(one.event.id))).toEqual(expected);
      }
      const all = await system.log(0, 1_000);
      expect(all.map(({ position }) => position)).toEqual(Array.from({ length: 57 }, (_value, n) => n + 1));
    });

    test.each([0, 1_001, 1.5])("a limit of %d is refused", async (limit) => {
      const { store } = await openedStore(open);
      const lease = await taken(store.system());
      await expect(store.system().sequence(lease, limit)).rejects.toThrow(RangeError);
      await expect(store.system().log(0, limit)).rejects.toThrow(RangeError);
      await expect(store.tenant("acme").events(0, limit)).rejects.toThrow(RangeError);
    });
  });
}
