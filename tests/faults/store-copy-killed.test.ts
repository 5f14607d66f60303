import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { allCollections } from "../../services/assembly/data.ts";
import { users } from "../../services/identity/collections.ts";
import { recordRow } from "../../services/store/bulk-rows.ts";
import type { BulkRow, BulkStore } from "../../services/store/bulk-store.ts";
import { openStore } from "../../services/store/open-store.ts";
import type { Store } from "../../services/store/store.ts";
import { startCli, type CommandEnd } from "../support/cli.ts";
import { startPostgres, type RunningPostgres } from "../support/postgres.ts";

let postgres: RunningPostgres;
let folder: string;
beforeAll(async () => {
  postgres = await startPostgres({ durable: true });
  folder = mkdtempSync(join(tmpdir(), "koder-id-copy-"));
});
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const [userCount, eventCount] = [20_000, 10_000];

async function opened(url: string): Promise<Store> {
  const store = await openStore({ url, collections: allCollections, clock: Date.now });
  onTestFinished(() => store.close());
  return store;
}

/** Users of 200 tenants, events of theirs in the log, and some that still wait. */
async function fill(bulk: BulkStore): Promise<void> {
  const tenantOf = (n: number) => `tenant${String(n % 200).padStart(3, "0")}`;
  const event = (n: number) => toBinary(EventSchema, create(EventSchema, { id: `e${n}`, resourceType: "user" }));
  const userRows = Array.from({ length: userCount }, (_, n) =>
    recordRow(
      users,
      tenantOf(n),
      create(UserSchema, { id: `u${n}`, username: `user${n}`, email: `u${n}@koder.dev` }),
      3,
    ),
  );
  const eventRow = (n: number, number: number): BulkRow => ({
    tenantId: tenantOf(n),
    key: n + 1,
    number,
    expiresAt: undefined,
    data: event(n),
  });
  const logRows = Array.from({ length: eventCount }, (_, n) => eventRow(n, Math.floor(n / 200) + 1));
  const waiting = Array.from({ length: 300 }, (_, n) => eventRow(eventCount + n, 0));
  const ends = ["*", ...Array.from({ length: 200 }, (_, n) => tenantOf(n))].map((tenantId) => ({
    tenantId,
    key: "",
    number: tenantId === "*" ? eventCount : eventCount / 200,
    expiresAt: undefined,
    data: new Uint8Array(),
  }));
  for (const [part, rows] of [
    ["identity_users", userRows],
    ["log", logRows],
    ["outbox", waiting],
    ["log_ends", ends],
  ] as const) {
    for (let at = 0; at < rows.length; at += 1_000) await bulk.insert(part, rows.slice(at, at + 1_000));
  }
}

/** Runs the copy and kills it as soon as `when` says so; answers how it ended. */
async function copyKilled(from: string, to: string, when: (err: string) => Promise<boolean>): Promise<CommandEnd> {
  const command = startCli(["store", "copy", "--from", from, "--to", to, "--json"]);
  const { child } = command;
  while (child.exitCode === null && child.signalCode === null) {
    if (await when(command.err())) child.kill("SIGKILL");
    await delay(2);
  }
  return command.ended;
}

/** Kills a copy at several places, and lets the last attempt end. */
async function copyThroughKills(from: string, to: string): Promise<CommandEnd> {
  const target = (await opened(to)).bulk();
  const rows = async (): Promise<number> => (await target.count("identity_users")) + (await target.count("log"));
  const left: number[] = [];
  for (const most of [1, 5_000, 12_000, 21_000, 28_000]) {
    const { code } = await copyKilled(from, to, async () => (await rows()) >= most);
    expect(code, "it was killed, not done").toBeNull();
    left.push(await rows());
  }
  expect(left, "each attempt went on where the one before was killed").toEqual(left.toSorted((a, b) => a - b));
  // Everything is there by now, and nothing has been compared.
  const { code, err } = await copyKilled(from, to, async (said) => said.includes("copying: "));
  expect([code, err]).toEqual([null, expect.stringContaining("100 %")]);
  return startCli(["store", "copy", "--from", from, "--to", to, "--json"]).ended;
}

async function allRows(bulk: BulkStore, part: string): Promise<readonly BulkRow[]> {
  const all: BulkRow[] = [];
  for (let rows = await bulk.rows(part, undefined, 1_000); rows.length > 0;) {
    all.push(...rows);
    rows = await bulk.rows(part, all.at(-1), 1_000);
  }
  return all;
}

test("a copy that is killed again and again ends with an equal store, from sqlite to PostgreSQL and back", async () => {
  const [first, last] = ["first", "last"].map((name) => `sqlite:${join(folder, `${name}.db`)}`) as [string, string];
  const middle = await postgres.createDatabase();
  const source = await opened(first);
  await fill(source.bulk());

  for (const [from, to] of [
    [first, middle],
    [middle, last],
  ] as const) {
    const { code, out, err } = await copyThroughKills(from, to);
    expect(code, err).toBe(0);
    const result = JSON.parse(out) as { equal: boolean; copied: number; parts: { same: boolean; part: string }[] };
    expect([result.equal, result.copied]).toEqual([true, 0]);
    expect(result.parts.every(({ same }) => same)).toBe(true);
    expect(new Set(result.parts.map(({ part }) => part))).toEqual(
      new Set(["identity_users", "log", "outbox", "log_ends"]),
    );
  }
  const end = await opened(last);
  for (const part of ["identity_users", "log", "outbox", "log_ends"]) {
    expect(await allRows(end.bulk(), part)).toEqual(await allRows(source.bulk(), part));
  }
  const found = await end.tenant("tenant007").find(users, "username", "user7");
  expect([found?.record.id, found?.version]).toEqual(["u7", 3]);
}, 300_000);
