import { constants, DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { event, key, keys, ticket, tickets } from "../../conformance/test-records.ts";
import type { PageQuery } from "../../store.ts";
import { insert, replace } from "../../writes.ts";
import { migrate } from "./migrate.ts";
import { createSqlStore } from "./sql-store.ts";

const shapes: readonly Omit<PageQuery, "index" | "limit">[] = [
  {},
  { equals: "a" },
  { range: { from: "a", to: "b" } },
  { prefix: "a" },
  { after: { value: "a", id: "b" } },
  { descending: true },
];

test("no statement is compiled again because other values are bound to it", async () => {
  const database = new DatabaseSync(":memory:");
  migrate(database, [keys, tickets], 0);
  const store = createSqlStore({ database, collections: [keys, tickets], clock: () => 1_000 });
  onTestFinished(() => store.close());
  const compiled: string[] = [];

  /** Everything that the store is asked for again and again, each time with other values. */
  async function useAll(turn: number): Promise<void> {
    const tenant = store.tenant(`tenant-${turn}`);
    const system = store.system();
    const id = `id-${turn}`;
    await tenant.commit([insert(keys, key(id, { label: `label-${turn}`, rank: turn }))], [event(`event-${turn}`)]);
    await tenant.commit([insert(tickets, ticket(id, { code: id, body: id, expires: 2_000 + turn }))], []);
    await tenant.commit([replace(tickets, ticket(id, { code: id, body: `${id}-2`, expires: 3_000 + turn }), 1)], []);
    await tenant.get(keys, id);
    await tenant.getAll(keys, [id, "another"]);
    await tenant.version(keys, id);
    await tenant.find(tickets, "code", id);
    for (const shape of shapes) {
      for (const index of ["label", "id"]) await tenant.page(keys, { index, limit: turn, ...shape });
      for (const index of ["code", "body"]) await tenant.page(tickets, { index, limit: turn, ...shape });
    }
    await tenant.page(keys, { index: "rank", equals: turn, limit: turn });
    await tenant.page(keys, { index: "rank", range: { from: turn, to: 9 }, limit: turn });
    await tenant.add(`counter-${turn}`, turn, 2_000 + turn);
    await tenant.add(`counter-${turn}`, turn, 2_000 + turn);
    const lease = await system.lease("sequencer", `holder-${turn}`, 1_000 + turn);
    if (lease === undefined) throw new Error("nobody else has the lease");
    await system.outbox(0, turn);
    await system.sequence(lease, turn);
    await system.log(turn - 1, turn);
    await system.logEnd();
    await tenant.events(0, turn);
    await system.release(lease);
    await system.sweep(turn);
    await tenant.deleteRange(tickets, turn);
    for (const part of store.bulk().parts) {
      await store.bulk().rows(part, undefined, turn);
      await store
        .bulk()
        .rows(part, { tenantId: `tenant-${turn}`, key: part === "outbox" || part === "log" ? turn : id }, turn);
    }
    await store.ping();
  }

  // SQLite asks it while it compiles.
  database.setAuthorizer((_action, ...names) => {
    compiled.push(names.filter((name) => name !== null).join(" "));
    return constants.SQLITE_OK;
  });
  for (const turn of [1, 2]) await useAll(turn);
  expect(compiled).not.toEqual([]);
  compiled.length = 0;
  for (const turn of [3, 4]) await useAll(turn);
  expect(compiled).toEqual([]);
});
