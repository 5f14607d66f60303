import { describe, expect, test } from "vitest";
import { openedStore, type OpenDriver } from "./opened-store.ts";

/** One holder at a time, and a fence that tells a former one. */
export function leaseConformance(open: OpenDriver): void {
  describe("leases", () => {
    test("belong to one holder until their time is over, who may take them anew with the same fence", async () => {
      const { store, time } = await openedStore(open);
      const system = store.system();
      const first = await system.lease("work", "a", 1_000);
      expect(first).toEqual({ name: "work", holder: "a", fence: first?.fence, expiresAt: time.now + 1_000 });
      expect(await system.lease("work", "b", 1_000)).toBeUndefined();
      time.now += 999;
      expect(await system.lease("work", "a", 1_000)).toEqual({ ...first, expiresAt: time.now + 1_000 });
      time.now += 999;
      expect(await system.lease("work", "b", 1_000)).toBeUndefined();
      time.now += 1;
      const second = await system.lease("work", "b", 1_000);
      expect(second?.fence).toBeGreaterThan(first?.fence ?? Infinity);
      expect(await system.lease("work", "a", 1_000)).toBeUndefined();
      expect(await system.lease("other", "a", 1_000)).toMatchObject({ holder: "a" });
    });

    test("raise their fence for the same holder too, when their time was over in between", async () => {
      const { store, time } = await openedStore(open);
      const first = await store.system().lease("work", "a", 1_000);
      time.now += 1_000;
      const second = await store.system().lease("work", "a", 1_000);
      expect(second?.fence).toBeGreaterThan(first?.fence ?? Infinity);
    });

    test("are given up by their holder, and not by a former one", async () => {
      const { store, time } = await openedStore(open);
      const system = store.system();
      const first = await system.lease("work", "a", 1_000);
      if (first === undefined) throw new Error("no lease");
      await system.release(first);
      const second = await system.lease("work", "b", 1_000);
      expect(second?.fence).toBeGreaterThan(first.fence);
      await system.release(first);
      expect(await system.lease("work", "a", 1_000)).toBeUndefined();
      time.now += 1_000;
      expect(await system.lease("work", "a", 1_000)).toBeDefined();
    });

    test("are free where the clock that they were taken by was ahead, and fence off whoever had them", async () => {
      const { store, time } = await openedStore(open);
      const system = store.system();
      const right = time.now;
      time.now += 86_400_000;
      const ahead = await system.lease("work", "a", 1_000);
      time.now = right;
      const second = await system.lease("work", "b", 1_000);
      expect(second).toMatchObject({ holder: "b", expiresAt: right + 1_000 });
      expect(second?.fence).toBeGreaterThan(ahead?.fence ?? Infinity);
      expect(await system.lease("work", "a", 1_000)).toBeUndefined();
      // The same holder is another one, too, by a clock that was set right; a minute is no reason.
      time.now += 61_002;
      const third = await system.lease("work", "b", 1_000);
      time.now -= 60_000;
      expect(await system.lease("work", "a", 1_000)).toBeUndefined();
      time.now -= 2;
      expect((await system.lease("work", "b", 1_000))?.fence).toBeGreaterThan(third?.fence ?? Infinity);
    });

    test("go to exactly one of many who want them at once", async () => {
      const { store, time } = await openedStore(open);
      const system = store.system();
      for (let round = 0; round < 5; round++) {
        const won = await Promise.all(Array.from({ length: 20 }, (_value, n) => system.lease("work", `${n}`, 1_000)));
        expect(won.filter((lease) => lease !== undefined)).toHaveLength(1);
        time.now += 1_000;
      }
    });

    test.each([
      ["", "a", 1],
      ["work", "", 1],
      ["work", "a", 0],
      ["work", "a", 1.5],
    ])("%j of %j for %d ms is refused", async (name, holder, ttl) => {
      const { store } = await openedStore(open);
      await expect(store.system().lease(name, holder, ttl)).rejects.toThrow(RangeError);
    });
  });
}
