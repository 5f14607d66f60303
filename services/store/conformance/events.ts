import { describe, expect, test } from "vitest";
import { insert, remove, replace } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { event, key, keys, ticket, tickets } from "./test-records.ts";

/** Events are committed with their change, or not at all, and stand in the order of the commits. */
export function eventConformance(open: OpenDriver): void {
  describe("events", () => {
    test("stand in the outbox in the order of commits and as given within one, under their tenant", async () => {
      const { store } = await openedStore(open);
      await store.tenant("acme").commit([insert(keys, key("a"))], [event("1"), event("2")]);
      await store.tenant("other").commit([insert(keys, key("a"))], [event("3")]);
      await store.system().commit([insert(keys, key("a"))], [event("4")]);
      const entries = await store.system().outbox(0, 100);
      expect(entries.map((entry) => [entry.tenantId, entry.event.id])).toEqual([
        ["acme", "1"],
        ["acme", "2"],
        ["other", "3"],
        ["system", "4"],
      ]);
      expect(entries[0]?.event).toEqual(event("1"));
      const positions = entries.map(({ position }) => position);
      expect(positions).toEqual(positions.toSorted((a, b) => a - b));
      expect(new Set(positions).size).toBe(4);
      const rest = await store.system().outbox(positions[1] ?? 0, 1);
      expect(rest.map((entry) => entry.event.id)).toEqual(["3"]);
      expect(await store.system().outbox(positions[3] ?? 0, 100)).toEqual([]);
    });

    test("a commit that conflicts leaves none", async () => {
      const { store } = await openedStore(open);
      await store.tenant("acme").commit([insert(keys, key("a"))], [event("1")]);
      await expect(store.tenant("acme").commit([insert(keys, key("a"))], [event("2")])).rejects.toThrow("exists");
      expect(await store.system().outbox(0, 100)).toHaveLength(1);
    });

    test("of one resource stand in the order of its versions, however many wrote", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await acme.commit([insert(keys, key("a"))], [event("1")]);
      const writer = async (): Promise<void> => {
        for (let done = 0; done < 5;) {
          const stored = await acme.get(keys, "a");
          const version = stored?.version ?? 0;
          const won = await acme.commit([replace(keys, key("a"), version)], [event(`${version + 1}`)]).then(
            () => true,
            () => false,
          );
          if (won) done += 1;
        }
      };
      await Promise.all(Array.from({ length: 10 }, writer));
      const events = (await store.system().outbox(0, 1_000)).map((entry) => Number(entry.event.id));
      expect(events).toEqual(Array.from({ length: 51 }, (_, n) => n + 1));
    });

    test("may be all of a commit, in the order of the others", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await acme.commit([insert(keys, key("a"))], [event("1")]);
      await acme.commit([], [event("2"), event("3")]);
      await acme.commit([replace(keys, key("a"), 1)], [event("4")]);
      const events = (await store.system().outbox(0, 10)).map((entry) => `${entry.tenantId} ${entry.event.id}`);
      expect(events).toEqual(["acme 1", "acme 2", "acme 3", "acme 4"]);
    });

    test("a collection that requires them takes no write without", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await expect(acme.commit([insert(tickets, ticket("t")), insert(keys, key("a"))], [])).rejects.toThrow(RangeError);
      expect(await acme.get(tickets, "t")).toBeUndefined();
      await acme.commit([insert(keys, key("a"))], [event("1")]);
      await expect(acme.commit([replace(keys, key("a"), 1)], [])).rejects.toThrow("test_keys must carry its event");
      await expect(acme.commit([remove(keys, { record: key("a"), version: 1 })], [])).rejects.toThrow(RangeError);
      expect((await acme.get(keys, "a"))?.version).toBe(1);
    });
  });
}
