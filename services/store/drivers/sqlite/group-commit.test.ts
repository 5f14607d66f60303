import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createGroupCommit } from "./group-commit.ts";
import { testFolder } from "./test-folder.ts";

function opened(file = join(testFolder(), "test.db")) {
  const database = new DatabaseSync(file, { timeout: 0 });
  onTestFinished(() => database.close());
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, data BLOB)");
  const insert = database.prepare("INSERT INTO t (n, data) VALUES (?, ?)");
  return {
    file,
    database,
    insert: (n: number, bytes = 1) => insert.run(n, new Uint8Array(bytes)).changes,
    numbers: () =>
      database
        .prepare("SELECT n FROM t ORDER BY n")
        .all()
        .map((row) => row["n"]),
  };
}

test("what arrives in one turn is one transaction", async () => {
  const { file, database, insert } = opened();
  const onlooker = opened(file);
  const commits = createGroupCommit(database);
  const seen = new Set<number>();
  const pieces = Array.from({ length: 100 }, (_, n) =>
    commits.run(() => {
      insert(n);
      seen.add(onlooker.numbers().length);
    }),
  );
  await pieces[0];
  expect(seen).toEqual(new Set([0]));
  expect(onlooker.numbers()).toHaveLength(100);
  await Promise.all(pieces);
});

test("what one piece throws rolls back that piece only", async () => {
  const { database, insert, numbers } = opened();
  const commits = createGroupCommit(database);
  const outcomes = await Promise.allSettled([
    commits.run(() => insert(1)),
    commits.run(() => {
      insert(2);
      throw new TypeError("no");
    }),
    commits.run(() => insert(3)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: new TypeError("no") });
  expect(numbers()).toEqual([1, 3]);
});

test("a full disk refuses the work, takes none of it, and leaves what was there", async () => {
  const { database, insert, numbers } = opened();
  const commits = createGroupCommit(database);
  await commits.run(() => insert(1));
  database.exec("PRAGMA max_page_count = 8");
  const tooMuch = commits.run(() => {
    insert(2);
    insert(3, 100_000);
  });
  await expect(tooMuch).rejects.toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
  expect(numbers()).toEqual([1]);
  await commits.run(() => insert(4));
  expect(numbers()).toEqual([1, 4]);
});

test("waits for another process that writes, without holding up this one", async () => {
  const { file, database, insert, numbers } = opened();
  const other = opened(file);
  other.database.exec("BEGIN IMMEDIATE");
  const done = createGroupCommit(database).run(() => insert(1));
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
  expect(numbers()).toEqual([]);
  other.insert(2);
  other.database.exec("COMMIT");
  await done;
  expect(numbers()).toEqual([1, 2]);
});

test("gives up on another process that does not end, and says that nothing was done", async () => {
  const { file, database, insert, numbers } = opened();
  const other = opened(file);
  other.database.exec("BEGIN IMMEDIATE");
  const commits = createGroupCommit(database, { mostAttempts: 2 });
  const [first, second] = [commits.run(() => insert(1)), commits.run(() => insert(2))];
  await expect(first).rejects.toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
  await expect(second).rejects.toThrow("locked");
  await commits.drain();
  other.database.exec("ROLLBACK");
  await commits.run(() => insert(3));
  expect(numbers()).toEqual([3]);
});
