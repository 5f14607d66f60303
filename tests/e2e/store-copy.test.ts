import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { allCollections } from "../../services/assembly/data.ts";
import { storeCopies } from "../../services/store/copy/store-copies.ts";
import { openStore } from "../../services/store/open-store.ts";
import type { LogEntry, Store } from "../../services/store/store.ts";
import { replace } from "../../services/store/writes.ts";
import {
  createPerson,
  locationOf,
  authorizationRequest,
  refresh,
  registerClient,
  rest,
  tokensFor,
  tokenRequest,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { runCli } from "../support/cli.ts";
import { freePort } from "../support/free-port.ts";
import { startPostgres, type RunningPostgres } from "../support/postgres.ts";
import { startServer } from "../support/server.ts";

let postgres: RunningPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

async function opened(url: string): Promise<Store> {
  const store = await openStore({ url, collections: allCollections, clock: Date.now });
  onTestFinished(() => store.close());
  return store;
}

async function wholeLog(store: Store): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let more = await store.system().log(0, 1_000); more.length > 0;) {
    entries.push(...more);
    more = await store.system().log(more.at(-1)?.position ?? 0, 1_000);
  }
  return entries;
}

/** Positions and each tenant's numbers are 1, 2, 3, …. */
function expectNoGap(entries: readonly LogEntry[]): void {
  expect(entries.map(({ position }) => position)).toEqual(entries.map((_, n) => n + 1));
  const numbers = new Map<string, number>();
  for (const { tenantId, number } of entries) {
    expect(number, tenantId).toBe((numbers.get(tenantId) ?? 0) + 1);
    numbers.set(tenantId, number);
  }
}

test("an instance moves from sqlite to PostgreSQL and nobody notices", async () => {
  // Both are at one address, which nobody else takes between them.
  const address = { KODER_ID_LISTEN: `127.0.0.1:${await freePort()}` };
  const before = await startServer({ env: address });
  onTestFinished(() => before.stop());
  const sqlite = `sqlite:${join(before.dataDir, "koder-id.db")}`;
  const to = await postgres.createDatabase();

  const alice = await createPerson(before);
  const application = await registerClient(before);
  const machine = await registerClient(before, { grant_types: ["client_credentials"], redirect_uris: [] });
  const signedIn = await tokensFor(before, application, alice.username);
  const rotated = await refresh(before, application, signedIn.refreshToken);
  expect(rotated.status).toBe(200);
  const refreshToken = String(rotated.json["refresh_token"]);

  const refused = await runCli(["store", "copy", "--from", sqlite, "--to", to]);
  expect([refused.code, refused.out]).toEqual([1, ""]);
  expect(refused.err).toContain("a server is at work on the source: stop it");
  expect(await before.end()).toBe(0);

  const copy = await runCli(["store", "copy", "--from", sqlite, "--to", to]);
  expect(copy.code, copy.err).toBe(0);
  expect(copy.out).toContain("All is equal.");
  expect(copy.out).toMatch(/^identity_users +\S+ +2 +2 +[0-9a-f]{16} +equal$/m);
  expect(`${copy.out}${copy.err}`).not.toContain("secret@"); // the password of the database

  const from = await opened(sqlite);
  const logBefore = await wholeLog(from);
  const waiting = await from.system().outbox(0, 1_000);
  expect(logBefore.length + waiting.length).toBeGreaterThan(5);

  const after = await startServer({
    dataDir: before.dataDir,
    env: { ...address, KODER_ID_STORE: to },
  });
  onTestFinished(() => after.stop());
  expect(after.url).toBe(before.url);

  // The browser's session: an authorization without a sign-in page.
  const { url } = authorizationRequest(after, application);
  const callback = locationOf(await signedIn.browser.get(url), after.url);
  expect(callback.pathname).toBe("/cb");
  expect(callback.searchParams.get("code")).toMatch(/./);
  // Tokens that were given before.
  expect(await userinfoStatus(after, String(rotated.json["access_token"]))).toBe(200);
  const next = await refresh(after, application, refreshToken);
  expect(next.status, JSON.stringify(next.json)).toBe(200);
  // A client's secret, the right one only.
  const credentials = (client: RelyingParty) => tokenRequest(after, client, { grant_type: "client_credentials" });
  expect((await credentials(machine)).status).toBe(200);
  expect((await credentials({ ...machine, clientSecret: "wrong" })).status).toBe(401);
  // The API key, and a password.
  expect((await rest(after, "GET", `/v1/users/${alice.id}`)).json["username"]).toBe(alice.username);
  await tokensFor(after, application, alice.username);
  // A replay from before the move still ends the family.
  expect((await refresh(after, application, signedIn.refreshToken)).status).toBe(400);
  expect((await refresh(after, application, String(next.json["refresh_token"]))).status).toBe(400);

  const now = await opened(to);
  await createPerson(after);
  await expect
    .poll(async () => [(await now.system().outbox(0, 1)).length, await now.system().logEnd()], { timeout: 20_000 })
    .toEqual([0, expect.toSatisfy((end: number) => end > logBefore.length + waiting.length)]);
  const logAfter = await wholeLog(now);
  expectNoGap(logAfter);
  const ids = (entries: readonly { readonly event: { readonly id: string } }[]) => entries.map(({ event }) => event.id);
  expect(ids(logAfter).slice(0, logBefore.length + waiting.length)).toEqual(ids([...logBefore, ...waiting]));
});

test("no server starts on a store into which another one is being copied", async () => {
  const source = await startServer();
  onTestFinished(() => source.stop());
  expect(await source.end()).toBe(0);
  const sqlite = `sqlite:${join(source.dataDir, "koder-id.db")}`;
  const to = await postgres.createDatabase();
  expect((await runCli(["store", "copy", "--from", sqlite, "--to", to])).code).toBe(0);
  // As it is before the last step.
  const target = await opened(to);
  const system = target.system();
  const mark = await system.get(storeCopies, "source");
  if (mark === undefined) throw new Error("the target has no mark");
  delete mark.record.endTime;
  await system.commit([replace(storeCopies, mark.record, mark.version)], []);

  const start = () => startServer({ dataDir: source.dataDir, env: { KODER_ID_STORE: to } });
  await expect(start()).rejects.toThrow("the store holds an unfinished copy of another one");
  expect((await runCli(["store", "copy", "--from", sqlite, "--to", to])).code).toBe(0);
  const started = await start();
  expect(await started.end()).toBe(0);
});

test("stores that are not there, or are no place for a copy, are told apart in a sentence", async () => {
  const to = await postgres.createDatabase();
  const copy = async (...args: readonly string[]) => {
    const { code, err } = await runCli(["store", "copy", ...args]);
    return { code, err };
  };
  expect(await copy("--from", "sqlite:/nowhere/at-all.db", "--to", to)).toEqual({
    code: 1,
    err: expect.stringContaining("koder-id store copy: there is no store at sqlite:/nowhere/at-all.db\n"),
  });
  expect((await copy("--from", to, "--to", "memory:")).err).toContain("memory: is the store of one process alone");
  expect((await copy("--from", to, "--to", to)).err).toContain("the same store");
  expect(await copy("--to", to)).toEqual({ code: 2, err: expect.stringContaining("--from is missing") });
});
