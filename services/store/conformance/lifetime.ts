import { describe, expect, test } from "vitest";
import { StoreUnavailable } from "../store.ts";
import { insert } from "../writes.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { ticket, tickets } from "./test-records.ts";

/** A store serves until it is closed, and finishes what it took. */
export function lifetimeConformance(open: OpenDriver): void {
  describe("its lifetime", () => {
    test("ping resolves while it can serve", async () => {
      const { store } = await openedStore(open);
      await store.ping();
      await store.close();
      await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailable);
    });

    test("close finishes the commits under way, and can be called again", async () => {
      const { store } = await openedStore(open);
      const acme = store.tenant("acme");
      const commits = Array.from({ length: 700 }, (_, n) => acme.commit([insert(tickets, ticket(`t${n}`))], []));
      await Promise.all([store.close(), store.close()]);
      expect((await Promise.allSettled(commits)).every(({ status }) => status === "fulfilled")).toBe(true);
      await store.close();
    });

    test("everything after close is refused, as not done", async () => {
      const { store } = await openedStore(open);
      const [acme, system] = [store.tenant("acme"), store.system()];
      await store.close();
      for (const attempt of [
        acme.get(tickets, "a"),
        acme.getAll(tickets, ["a"]),
        acme.find(tickets, "code", "a"),
        acme.page(tickets, { index: "id", limit: 1 }),
        acme.add("hits", 1, 9e15),
        acme.addAll([{ counter: "hits", n: 1, expiresAt: 9e15 }]),
        acme.commit([insert(tickets, ticket("a"))], []),
        acme.deleteRange("everything", 1),
        system.sweep(1),
        system.outbox(0, 1),
      ]) {
        await expect(attempt).rejects.toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
      }
    });
  });
}
