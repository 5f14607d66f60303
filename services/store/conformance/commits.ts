import { describe, expect, test } from "vitest";
import { Conflict } from "../store.ts";
import { insert, remove, replace } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { event, key, keys, ticket, tickets } from "./test-records.ts";

/** Commits: conditions, uniqueness, and all or nothing. */
export function commitConformance(open: OpenDriver): void {
  describe("commits", () => {
    test("insert wants the id free", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      await acme.commit([insert(tickets, ticket("a", { body: "first" }))], []);
      await expect(acme.commit([insert(tickets, ticket("a", { body: "second" }))], [])).rejects.toEqual(
        new Conflict(0, "test_tickets", "exists"),
      );
      expect(await acme.get(tickets, "a")).toEqual({ record: ticket("a", { body: "first" }), version: 1 });
    });

    test("replace wants the version that was read, and raises it by one", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      await expect(acme.commit([replace(tickets, ticket("a"), 1)], [])).rejects.toMatchObject({ reason: "version" });
      await acme.commit([insert(tickets, ticket("a"))], []);
      await acme.commit([replace(tickets, ticket("a", { body: "two" }), 1)], []);
      for (const stale of [0, 1, 3]) {
        await expect(acme.commit([replace(tickets, ticket("a"), stale)], [])).rejects.toEqual(
          new Conflict(0, "test_tickets", "version"),
        );
      }
      expect(await acme.get(tickets, "a")).toEqual({ record: ticket("a", { body: "two" }), version: 2 });
    });

    test("delete wants the version that was read; the id is free again", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      await acme.commit([insert(tickets, ticket("a", { code: "c" }))], []);
      await acme.commit([replace(tickets, ticket("a", { code: "c" }), 1)], []);
      await expect(acme.commit([remove(tickets, { record: ticket("a"), version: 1 })], [])).rejects.toEqual(
        new Conflict(0, "test_tickets", "version"),
      );
      await acme.commit([remove(tickets, { record: ticket("a"), version: 2 })], []);
      expect(await acme.get(tickets, "a")).toBeUndefined();
      await acme.commit([insert(tickets, ticket("a", { code: "c" }))], []);
      expect((await acme.get(tickets, "a"))?.version).toBe(1);
    });

    test("a unique value belongs to one record", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const taken = new Conflict(0, "test_tickets", "unique", "code");
      await acme.commit([insert(tickets, ticket("a", { code: "x" })), insert(tickets, ticket("b", { code: "y" }))], []);
      await expect(acme.commit([insert(tickets, ticket("c", { code: "x" }))], [])).rejects.toEqual(taken);
      await expect(acme.commit([replace(tickets, ticket("b", { code: "x" }), 1)], [])).rejects.toEqual(taken);
      // Its own value does not stand in its way, and a value that is given up can be taken in the same commit.
      await acme.commit([replace(tickets, ticket("a", { code: "x", body: "new" }), 1)], []);
      await acme.commit(
        [replace(tickets, ticket("a", { code: "z" }), 2), replace(tickets, ticket("b", { code: "x" }), 1)],
        [],
      );
      expect((await acme.find(tickets, "code", "x"))?.record.id).toBe("b");
      expect(await acme.find(tickets, "code", "y")).toBeUndefined();
      // Records without the value do not meet.
      await acme.commit([insert(tickets, ticket("d")), insert(tickets, ticket("e"))], []);
    });

    test("all or nothing, and the conflict names the write", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await acme.commit([insert(tickets, ticket("old", { code: "old", body: "before" }))], []);
      const fails = (last: Parameters<typeof acme.commit>[0][number]) =>
        acme.commit(
          [
            insert(tickets, ticket("new", { code: "new" })),
            replace(tickets, ticket("old", { code: "changed", body: "after" }), 1),
            insert(keys, key("k")),
            last,
          ],
          [event("never")],
        );
      await expect(fails(insert(tickets, ticket("x", { code: "new" })))).rejects.toEqual(
        new Conflict(3, "test_tickets", "unique", "code"),
      );
      await expect(fails(replace(keys, key("absent"), 1))).rejects.toEqual(new Conflict(3, "test_keys", "version"));
      await expect(fails(remove(keys, { record: key("absent"), version: 1 }))).rejects.toBeInstanceOf(Conflict);
      expect(await acme.get(tickets, "new")).toBeUndefined();
      expect(await acme.get(keys, "k")).toBeUndefined();
      expect(await acme.find(tickets, "code", "changed")).toBeUndefined();
      expect(await acme.find(tickets, "code", "old")).toEqual({
        record: ticket("old", { code: "old", body: "before" }),
        version: 1,
      });
      expect(await store.system().outbox(0, 10)).toEqual([]);
    });

    test("what conflicts takes nothing with it of what is committed at the same moment", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) =>
          acme.commit([insert(tickets, ticket(`mine${n}`)), insert(tickets, ticket(`shared${n >> 1}`))], []),
        ),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
      for (const [n, { status }] of outcomes.entries()) {
        expect((await acme.get(tickets, `mine${n}`)) !== undefined).toBe(status === "fulfilled");
      }
    });
  });
}
