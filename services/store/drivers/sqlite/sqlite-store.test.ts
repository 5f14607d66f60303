import { existsSync, mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { ticket, tickets } from "../../conformance/test-records.ts";
import { openStore } from "../../open-store.ts";
import { insert, replace } from "../../writes.ts";
import { testFolder } from "./test-folder.ts";

async function opened(path: string) {
  const store = await openStore({ url: `sqlite:${path}`, collections: [tickets], clock: () => 0 });
  onTestFinished(() => store.close());
  return store;
}
const mode = (path: string) => statSync(path).mode & 0o777;

test("the file and its log are their owner's alone, and so is a folder made for them", async () => {
  const folder = join(testFolder(), "made", "for it");
  const store = await opened(join(folder, "test.db"));
  await store.tenant("acme").commit([insert(tickets, ticket("a"))], []);
  expect(readdirSync(folder).toSorted()).toEqual(["test.db", "test.db-shm", "test.db-wal"]);
  for (const file of readdirSync(folder)) expect(mode(join(folder, file))).toBe(0o600);
  expect(mode(folder)).toBe(0o700);
  expect(mode(join(folder, ".."))).toBe(0o700);
});

test("what was committed is there when it is opened again", async () => {
  const path = join(testFolder(), "test.db");
  const first = await opened(path);
  await first.tenant("acme").commit([insert(tickets, ticket("a", { code: "x" }))], []);
  await first.close();
  const second = await opened(path);
  expect((await second.tenant("acme").find(tickets, "code", "x"))?.record.id).toBe("a");
});

test("a path that SQLite would read as something else names a file", async () => {
  const folder = testFolder();
  vi.spyOn(process, "cwd").mockReturnValue(folder);
  onTestFinished(() => void vi.restoreAllMocks());
  await opened(":memory:");
  expect(existsSync(join(folder, ":memory:"))).toBe(true);
});

test.runIf(existsSync("/proc/self/fd"))("nothing of a commit is written outside its folder", async () => {
  const folder = testFolder();
  const openFiles = () =>
    new Set(
      readdirSync("/proc/self/fd").flatMap((descriptor) => {
        try {
          return [readlinkSync(`/proc/self/fd/${descriptor}`)];
        } catch {
          return []; // the folder that is being read
        }
      }),
    );
  const before = openFiles();
  const seen = new Set<string>();
  // It is asked for the time inside of the transaction, once for each commit that shares it.
  const clock = () => {
    for (const file of openFiles()) if (!before.has(file) && file.startsWith("/")) seen.add(file);
    return 0;
  };
  const store = await openStore({ url: `sqlite:${join(folder, "test.db")}`, collections: [tickets], clock });
  onTestFinished(() => store.close());
  const data = store.tenant("acme");
  const commits = ["a", "b", "c"].map((name) => Array.from({ length: 40 }, (_, n) => `${name}-${n}`));
  const records = (ids: readonly string[], body: string) =>
    ids.map((id) => ticket(id, { code: id, body: body.repeat(2_000) }));
  for (const ids of commits)
    await data.commit(
      records(ids, "a").map((one) => insert(tickets, one)),
      [],
    );
  // More pages for each than SQLite undoes from memory by itself.
  const changes = commits.map((ids) =>
    data.commit(
      records(ids, "b").map((one) => replace(tickets, one, 1)),
      [],
    ),
  );
  await Promise.all(changes);
  const files = ["", "-shm", "-wal"].map((end) => join(folder, `test.db${end}`));
  expect([...seen].filter((file) => !file.startsWith("/dev/") && !file.startsWith("/proc/")).toSorted()).toEqual(files);
});

test.each([
  ["no database", (path: string) => writeFileSync(path, "x".repeat(10_000)), /file is not a database/],
  [
    "another program's",
    (path: string) => new DatabaseSync(path).exec("CREATE TABLE t (a)"),
    /is a database of another program/,
  ],
  [
    "a newer version's",
    (path: string) => new DatabaseSync(path).exec(`PRAGMA application_id = 1263487300; PRAGMA user_version = 99`),
    /was written by a newer version \(layout 99/,
  ],
  ["a folder", (path: string) => mkdirSync(path), /EISDIR/],
])("a file that is %s is refused with a sentence that names it", async (_name, make, reason) => {
  const path = join(testFolder(), "test.db");
  make(path);
  const failure = await opened(path).catch((error: unknown) => error);
  expect(String(failure)).toContain(`the store sqlite:${path} cannot be opened: `);
  expect(String(failure)).toMatch(reason);
});

test("opening waits for another that has the new file, and lets others have their turn meanwhile", async () => {
  const path = join(testFolder(), "test.db");
  const other = new DatabaseSync(path);
  other.exec("BEGIN EXCLUSIVE; CREATE TABLE t (a)");
  const opening = opened(path);
  await delay(100);
  other.exec("ROLLBACK");
  other.close();
  const data = (await opening).tenant("acme");
  await data.commit([insert(tickets, ticket("a"))], []);
  expect((await data.get(tickets, "a"))?.version).toBe(1);
});

test("conditions hold between two that have the same file open", async () => {
  const path = join(testFolder(), "test.db");
  const tenants = [(await opened(path)).tenant("acme"), (await opened(path)).tenant("acme")];
  await tenants[0]?.commit([insert(tickets, ticket("a"))], []);
  expect((await tenants[1]?.get(tickets, "a"))?.version).toBe(1);
  const rounds = Array.from({ length: 50 }, (_, n) => n);
  const outcomes = await Promise.allSettled(
    rounds.flatMap((n) => tenants.map((one) => one.commit([replace(tickets, ticket("a", { body: `${n}` }), 1)], []))),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const counted = await Promise.all(rounds.flatMap(() => tenants.map((one) => one.add("hits", 1, 1))));
  expect(new Set(counted).size).toBe(100);
});

test("a store that is held refuses what other processes change, and serves what they read", async () => {
  const path = join(testFolder(), "test.db");
  const [holder, other] = [await opened(path), await opened(path)];
  const write = (id: string) => other.tenant("acme").commit([insert(tickets, ticket(id))], []);
  await write("before");
  const hold = await holder.bulk().hold();
  await expect(write("meanwhile")).rejects.toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
  expect((await other.tenant("acme").get(tickets, "before"))?.version).toBe(1);
  await hold.release();
  await write("after");
  expect(await holder.bulk().count("test_tickets")).toBe(2);
}, 30_000);

test("a store cannot be held while another process holds it", async () => {
  const path = join(testFolder(), "test.db");
  const [holder, other] = [await opened(path), await opened(path)];
  const hold = await holder.bulk().hold();
  await expect(other.bulk().hold()).rejects.toMatchObject({ name: "StoreUnavailable", outcome: "not done" });
  await hold.release();
  await (await other.bulk().hold()).release();
}, 30_000);
