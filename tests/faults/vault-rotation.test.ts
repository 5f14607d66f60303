import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeEach, expect, test } from "vitest";
import { allCollections } from "../../services/assembly/data.ts";
import { openStore } from "../../services/store/open-store.ts";
import { loadMasterKeys } from "../../services/vault/master-key.ts";
import { inspectTenantKeys } from "../../services/vault/rotate-master-key.ts";
import { createVault } from "../../services/vault/vault.ts";
import { typed, typedJson } from "../support/typed-command.ts";

const tenantCount = 400;
const tenantIds = Array.from({ length: tenantCount }, (_, n) => `t${n}`);
const data = Buffer.from("what every tenant sealed");
const place = { collection: "test_things", id: "1", field: "value" };

let folder: string;
let env: Readonly<Record<string, string>>;
let file: string;
let url: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koder-id-vault-"));
  file = join(folder, "master-key");
  url = `sqlite:${join(folder, "koder-id.db")}`;
  env = { KODER_ID_DATA: folder };
  return () => rmSync(folder, { recursive: true, force: true });
});

/** The vault as a server opens it. `ago` in milliseconds: how old what it makes is. */
async function withVault<Result>(
  work: (vault: ReturnType<typeof createVault>, store: Awaited<ReturnType<typeof openStore>>) => Promise<Result>,
  ago = 0,
): Promise<Result> {
  const clock = () => Date.now() - ago;
  const store = await openStore({ url, collections: allCollections, clock });
  try {
    const masterKeys = await loadMasterKeys({ file, mayCreate: true });
    return await work(createVault({ masterKeys, system: store.system(), clock }), store);
  } finally {
    await store.close();
  }
}

/** What every tenant sealed and hashed, to be opened after all that happens. */
async function sealedByAll() {
  return withVault(
    (vault) =>
      Promise.all(
        tenantIds.map(async (tenantId) => {
          const keys = await vault.tenant(tenantId);
          const { mac } = keys.mac("test", data);
          return { tenantId, sealed: keys.seal(place, data), mac, hash: keys.keyedHash("test", tenantId) };
        }),
      ),
    2 * 86_400_000,
  );
}

/** Everything opens, and every key is wrapped by a master key that is in the file; answers how many versions there are. */
async function everythingOpens(before: Awaited<ReturnType<typeof sealedByAll>>): Promise<number> {
  return withVault(async (vault, store) => {
    for (const { tenantId, sealed, mac, hash } of before) {
      const keys = await vault.tenant(tenantId);
      expect(Buffer.from(keys.open(place, sealed)).equals(data)).toBe(true);
      expect(keys.verifyMac("test", 1, data, mac)).toBe(true);
      expect(keys.keyedHashes("test", tenantId)).toContain(hash);
    }
    const found = await inspectTenantKeys(store.system(), await loadMasterKeys({ file, mayCreate: false }));
    expect(found.broken).toEqual([]);
    return found.total;
  });
}

/** Runs the rotation and kills it (SIGKILL) once `when` says yes: asked at each of its lines, and all the time between. */
async function killed(what: string, when: (line: string) => boolean): Promise<"killed" | "done"> {
  const program = join(import.meta.dirname, "vault-rotator.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, url, file, what], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const look = (line: string) => void (when(line) && child.kill("SIGKILL"));
  createInterface({ input: child.stdout }).on("line", look);
  const watching = setInterval(look, 1, "");
  const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearInterval(watching);
  if (signal === null) expect(child.exitCode).toBe(0);
  return signal === null ? "done" : "killed";
}

test("kill -9 at every part of a rotation of the master key, again and again, then once to the end", async () => {
  const before = await sealedByAll();
  const [old] = await loadMasterKeys({ file, mayCreate: false });
  const ends: string[] = [];
  // Killed after the file was written, and then at ever later parts, each run going on where the last one was killed.
  const started = readFileSync(file, "utf8");
  const moments: readonly ((said: string) => boolean)[] = [
    (said) => said === "begun",
    () => readFileSync(file, "utf8") !== started,
    ...["wrapped 50", "wrapped 50", "wrapped 100"].map((line) => (said: string) => said === line),
  ];
  for (const [round, moment] of moments.entries()) {
    ends.push(await killed("master key", moment));
    expect(await everythingOpens(before), `after round ${round}`).toBe(tenantCount);
  }
  expect(new Set(ends)).toEqual(new Set(["killed"]));
  const keys = await loadMasterKeys({ file, mayCreate: false });
  expect(keys.map(({ id }) => id).slice(1)).toEqual([old.id]);

  const left = await withVault(async (_vault, store) => (await inspectTenantKeys(store.system(), keys)).behind.length);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(tenantCount);
  const done = await typedJson(["vault", "rotate"], env);
  const [first] = keys;
  expect(done).toEqual({
    master_key: first.id,
    is_new: false,
    keys: tenantCount,
    wrapped: left,
    kept: [old.id],
    retired: [],
  });
  // Once more does nothing, and makes no other key.
  expect(await typedJson(["vault", "rotate"], env)).toEqual({ ...done, wrapped: 0 });
  expect(await everythingOpens(before)).toBe(tenantCount);

  // Killed at the moment when the old key leaves the file; or done, where that was its last deed.
  const complete = readFileSync(file, "utf8");
  await killed("retire", () => readFileSync(file, "utf8") !== complete);
  expect(await everythingOpens(before)).toBe(tenantCount);
  await writeFile(file, complete);
  const retired = await typedJson(["vault", "rotate", "--retire"], env);
  expect(retired).toEqual({ ...done, wrapped: 0, kept: [], retired: [old.id] });
  expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(1);
  expect(await everythingOpens(before)).toBe(tenantCount);
}, 240_000);

test("kill -9 while versions are added to tenants' keys: a repeat adds what is missing, and nothing twice", async () => {
  const before = await sealedByAll();
  let total = tenantCount;
  for (const line of ["begun", "versions added 50", "versions added 50"]) {
    expect(await killed("tenant keys", (said) => said === line)).toBe("killed");
    const now = await everythingOpens(before);
    expect(now).toBeGreaterThanOrEqual(total);
    total = now;
  }
  expect(total).toBeGreaterThanOrEqual(tenantCount + 50 + 50);
  expect(total).toBeLessThan(2 * tenantCount);
  const { code, out, err } = await typed(["vault", "rotate", "--tenant-keys"], env);
  expect([code, err]).toEqual([0, expect.stringMatching(/^Adding versions: (\d+) of \1, 100 %\n$/)]);
  expect(out).toBe(
    `Tenants whose key has a new version: ${2 * tenantCount - total}. ` +
      `Left alone, as it is young enough: ${total - tenantCount}.\n`,
  );
  expect(await everythingOpens(before)).toBe(2 * tenantCount);
}, 240_000);

test("of two that are called at once the second finds it done, and one key is made", async () => {
  const before = await sealedByAll();
  const [old] = await loadMasterKeys({ file, mayCreate: false });
  const both = await Promise.all([typedJson(["vault", "rotate"], env), typedJson(["vault", "rotate"], env)]);
  const keys = await loadMasterKeys({ file, mayCreate: false });
  expect(keys.map(({ id }) => id)).toEqual([keys[0].id, old.id]);
  expect(both.map((one) => one["master_key"])).toEqual([keys[0].id, keys[0].id]);
  expect(new Set(both.map((one) => one["wrapped"]))).toEqual(new Set([0, tenantCount]));
  expect(await everythingOpens(before)).toBe(tenantCount);
});

test("a rotation that could not be finished is not begun", async () => {
  await sealedByAll();
  const kept = readFileSync(file, "utf8");
  rmSync(file);
  await loadMasterKeys({ file, mayCreate: true });
  const wrong = readFileSync(file, "utf8");
  expect(wrong).not.toBe(kept);
  const { code, err } = await typed(["vault", "rotate"], env);
  expect([code, err]).toEqual([
    1,
    expect.stringContaining(
      `${tenantCount} of ${tenantCount} tenant keys do not open, the first: the key of tenant t0 was`,
    ),
  ]);
  expect(readFileSync(file, "utf8")).toBe(wrong);
});

test("a store on which no server has been at work is not taken for the one whose keys are wrapped", async () => {
  const before = await sealedByAll();
  const [old] = await loadMasterKeys({ file, mayCreate: false });
  const prepared = await typedJson(["vault", "rotate", "--prepare"], env);
  const kept = readFileSync(file, "utf8");
  const missing = join(folder, "missing.db");
  const empty = join(folder, "empty.db");
  await (await openStore({ url: `sqlite:${empty}`, collections: allCollections, clock: Date.now })).close();
  for (const [path, sentence] of [
    [missing, `there is no store at sqlite:${missing}`],
    [empty, "the store has no tenant keys: name the one that the servers have"],
  ] as const) {
    const elsewhere = { ...env, KODER_ID_STORE: `sqlite:${path}` };
    for (const args of [["--to", String(prepared["prepared"])], ["--retire"], ["--prepare"], ["--tenant-keys"]]) {
      const { code, err } = await typed(["vault", "rotate", ...args], elsewhere);
      expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
    }
  }
  expect(existsSync(missing)).toBe(false);
  expect(readFileSync(file, "utf8")).toBe(kept);
  expect(kept).toContain(old.id);
  expect(await everythingOpens(before)).toBe(tenantCount);
});

test.each([
  [["--retire", "--prepare"], "--retire and --prepare do not go together"],
  [["acme"], "acme: tenants go with --tenant-keys only"],
  [["--older-than", "1d"], "--older-than goes with --tenant-keys only"],
  [["--tenant-keys", "--use-after", "soon"], "--use-after must be a length of time such as 1d, 12h, 5m or 0s"],
])("%j is not understood", async (args, sentence) => {
  const { code, err } = await typed(["vault", "rotate", ...args], env);
  expect([code, err]).toEqual([2, expect.stringContaining(sentence)]);
});
