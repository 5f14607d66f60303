import { describe, expect, test } from "vitest";
import { Conflict } from "../store.ts";
import { insert, replace } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { event, key, keys, ticket, tickets } from "./test-records.ts";

const many = 1_000;

/** What many do to one thing at the same moment. */
export function concurrencyConformance(open: OpenDriver): void {
  async function outcomes(attempt: (n: number) => Promise<unknown>) {
    const settled = await Promise.allSettled(Array.from({ length: many }, (_, n) => attempt(n)));
    const reasons = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    return { succeeded: many - reasons.length, reasons };
  }

  describe("1,000 in parallel", () => {
    test("add: 1,000 distinct values", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const values = await Promise.all(Array.from({ length: many }, () => acme.add("hits", 1, 9e15)));
      expect(new Set(values).size).toBe(many);
      expect(Math.max(...values)).toBe(many);
      expect(await acme.add("hits", -many, 9e15)).toBe(0);
    });

    test("addAll in every order: each counter gives 1,000 distinct values, and nobody waits for each other for ever", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const counters = ["a", "b", "c"].map((counter) => ({ counter, n: 1, expiresAt: 9e15 }));
      const turned = (n: number) => [...counters.slice(n % 3), ...counters.slice(0, n % 3)];
      const all = await Promise.all(
        Array.from({ length: many }, async (_, n) => {
          const values = await acme.addAll(turned(n));
          return counters.map((one) => values[turned(n).indexOf(one)]);
        }),
      );
      for (const at of counters.keys()) {
        const values = all.map((one) => one[at] ?? 0);
        expect(new Set(values).size).toBe(many);
        expect(Math.max(...values)).toBe(many);
      }
    });

    test("replace of one version: one success, 999 conflicts", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      await acme.commit([insert(keys, key("a"))], [event("start")]);
      const { succeeded, reasons } = await outcomes((n) =>
        acme.commit([replace(keys, key("a", { rank: n + 1 }), 1)], [event(`${n}`)]),
      );
      expect(succeeded).toBe(1);
      expect(reasons.every((reason) => reason instanceof Conflict && reason.reason === "version")).toBe(true);
      const stored = await acme.get(keys, "a");
      expect(stored?.version).toBe(2);
      // The event is that of the one that won.
      const events = (await store.system().outbox(0, 10)).map((entry) => entry.event.id);
      expect(events).toEqual(["start", String((stored?.record.version ?? 0) - 1)]);
    });

    test("insert of one id: one success, 999 conflicts", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const { succeeded, reasons } = await outcomes((n) =>
        acme.commit([insert(tickets, ticket("a", { body: `${n}` }))], []),
      );
      expect(succeeded).toBe(1);
      expect(reasons.every((reason) => reason instanceof Conflict && reason.reason === "exists")).toBe(true);
    });

    test("insert of one unique value: one success, 999 conflicts", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const { succeeded, reasons } = await outcomes((n) =>
        acme.commit([insert(tickets, ticket(`t${n}`, { code: "one" }))], []),
      );
      expect(succeeded).toBe(1);
      expect(reasons.every((reason) => reason instanceof Conflict && reason.index === "code")).toBe(true);
      expect((await acme.page(tickets, { index: "id", limit: 10 })).items).toHaveLength(1);
    });

    test("a read that starts after a commit resolved sees it", async () => {
      const acme = (await openedStore(open)).store.tenant("acme");
      const { succeeded } = await outcomes(async (n) => {
        await acme.commit([insert(tickets, ticket(`t${n}`))], []);
        expect(await acme.get(tickets, `t${n}`)).toBeDefined();
      });
      expect(succeeded).toBe(many);
    });
  });
}
