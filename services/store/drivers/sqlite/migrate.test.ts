import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { RequestRecordSchema } from "#gen/koder/host/store/v1/request_record_pb.ts";
import { ticket, tickets } from "../../conformance/test-records.ts";
import { openStore } from "../../open-store.ts";
import type { Collection, Index, Store } from "../../store.ts";
import { insert, replace } from "../../writes.ts";
import { testFolder } from "./test-folder.ts";

type Tickets = Collection<typeof RequestRecordSchema>;
const { unique: _unique, indexes: _indexes, ...bare } = tickets;

const bodyOf: Index<typeof RequestRecordSchema> = {
  type: "text",
  value: (record) => Buffer.from(record.sealedResponse).toString() || undefined,
};
const older: Tickets = bare;
const newer: Tickets = { ...bare, indexes: { body: bodyOf } };
const strict: Tickets = { ...bare, unique: { body: bodyOf } };

let now = 1_000;
function versions(path = join(testFolder(), "test.db")) {
  const url = `sqlite:${path}`;
  /** Opens the file as a version of the program does, lets it work, and closes it. */
  return async <Result>(collection: Tickets, work: (store: Store) => Promise<Result>): Promise<Result> => {
    const store = await openStore({ url, collections: [collection], clock: () => now });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
}
const byBody = (body: string) => async (store: Store) => {
  const page = await store.tenant("acme").page(newer, { index: "body", equals: body, limit: 1_000 });
  return page.items.map(({ record }) => record.id);
};

test("a new index holds the records that were there", async () => {
  const as = versions();
  // More than one batch, and more than one tenant.
  const ids = Array.from({ length: 1_200 }, (_, n) => `t${String(n).padStart(4, "0")}`);
  await as(older, async (store) => {
    for (const tenant of ["acme", "other"]) {
      await store.tenant(tenant).commit(
        ids.map((id, n) => insert(older, ticket(id, { body: n % 2 === 0 ? "even" : "odd" }))),
        [],
      );
    }
  });
  expect(await as(newer, byBody("even"))).toEqual(ids.filter((_, n) => n % 2 === 0));
});

test("what an older version wrote in between is in the index again", async () => {
  const as = versions();
  await as(newer, (store) => store.tenant("acme").commit([insert(newer, ticket("a", { body: "x" }))], []));
  await as(older, async (store) => {
    const acme = store.tenant("acme");
    await acme.commit([replace(older, ticket("a", { body: "y" }), 1), insert(older, ticket("b", { body: "y" }))], []);
  });
  await as(newer, async (store) => {
    expect(await byBody("x")(store)).toEqual([]);
    expect(await byBody("y")(store)).toEqual(["a", "b"]);
  });
});

test("an index that an earlier version made of all records is made anew, of those that have a value", async () => {
  const path = join(testFolder(), "test.db");
  const as = versions(path);
  await as(newer, (store) =>
    store.tenant("acme").commit([insert(newer, ticket("a", { body: "x" })), insert(newer, ticket("b"))], []),
  );
  const withDatabase = <Result>(work: (database: DatabaseSync) => Result): Result => {
    const database = new DatabaseSync(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  const index = "test_tickets.i_body";
  const made = (database: DatabaseSync) =>
    database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(index)?.["sql"];
  expect(withDatabase(made)).toMatch(/ WHERE "i_body" IS NOT NULL$/);
  withDatabase((database) =>
    database.exec(`DROP INDEX "${index}"; CREATE INDEX "${index}" ON test_tickets (tenant, i_body, id)`),
  );
  expect(await as(newer, byBody("x"))).toEqual(["a"]);
  expect(withDatabase(made)).toMatch(/ WHERE "i_body" IS NOT NULL$/);
});

test("an index that becomes unique refuses a file that breaks it, and leaves the file as it was", async () => {
  const as = versions();
  await as(newer, async (store) => {
    await store.tenant("acme").commit(
      ["a", "b"].map((id) => insert(newer, ticket(id, { body: "x" }))),
      [],
    );
  });
  await expect(as(strict, async () => {})).rejects.toThrow(/cannot be opened: UNIQUE constraint failed.*test_tickets/);
  expect(await as(newer, byBody("x"))).toEqual(["a", "b"]);
});

test("an expired record keeps no value of a new unique index", async () => {
  const as = versions();
  await as(older, async (store) => {
    const acme = store.tenant("acme");
    await acme.commit([insert(older, ticket("a", { body: "x", expires: now + 10 }))], []);
    await acme.commit([insert(older, ticket("b", { body: "x" }))], []);
  });
  now += 10;
  const found = await as(strict, (store) => store.tenant("acme").find(strict, "body", "x"));
  expect(found?.record.id).toBe("b");
});

test("an index cannot change its type", async () => {
  const as = versions();
  await as(newer, async () => {});
  const changed: Tickets = { ...bare, indexes: { body: { type: "integer", value: () => 1 } } };
  await expect(as(changed, async () => {})).rejects.toThrow("the index body of test_tickets cannot change its type");
});
