import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { allPages } from "../../services/store/conformance/all-pages.ts";
import { keys, tickets } from "../../services/store/conformance/test-records.ts";
import { openStore } from "../../services/store/open-store.ts";
import { acknowledgedAfterSync } from "./acknowledged-after-sync.ts";

const program = [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "sqlite-committer.ts"),
] as const;

function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-durability-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the program, killed with SIGKILL once it acknowledged `killAfter` commits; answers all that it said. */
async function commitUntilKilled(path: string, tenant: string, count: number, killAfter: number): Promise<string[]> {
  const [node, ...args] = program;
  const child = spawn(node, [...args, path, tenant, String(count), "16"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const acknowledged: string[] = [];
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    acknowledged.push(...lines);
    if (acknowledged.length >= killAfter) child.kill("SIGKILL");
  });
  const closed = once(child, "close");
  const [, signal] = (await ended) as [number | null, string | null];
  await closed;
  expect(signal, "it was killed, not done").toBe("SIGKILL");
  return acknowledged;
}

interface Found {
  readonly ids: ReadonlySet<string>;
  /** Where the outbox ends. */
  readonly position: number;
}

/** What a tenant has after all that happened, having checked that no commit is there in part. */
async function whatIsThere(path: string, tenantId: string, outboxAfter = 0): Promise<Found> {
  const store = await openStore({ url: `sqlite:${path}`, collections: [keys, tickets], clock: () => 0 });
  try {
    const tenant = store.tenant(tenantId);
    const query = { index: "id", limit: 1_000 };
    const ids = new Set((await allPages(tenant, keys, query)).map(({ record }) => record.tenantId));
    expect(new Set((await allPages(tenant, tickets, query)).map(({ record }) => record.id))).toEqual(ids);
    const events = new Set<string>();
    let position = outboxAfter;
    for (let more = true; more;) {
      const entries = await store.system().outbox(position, 1_000);
      for (const entry of entries) events.add(`${entry.tenantId} ${entry.event.id}`);
      position = entries.at(-1)?.position ?? position;
      more = entries.length > 0;
    }
    expect(events).toEqual(new Set([...ids].map((id) => `${tenantId} ${id}`)));
    return { ids, position };
  } finally {
    await store.close();
  }
}

test("kill -9 in the middle of 10,000 commits, 20 times: nothing acknowledged is lost, nothing is there by half", async () => {
  const path = join(testFolder(), "test.db");
  let position = 0;
  for (let round = 0; round < 20; round += 1) {
    // From the first acknowledgements to nearly the last, on a file that each round finds as the last one left it.
    const acknowledged = await commitUntilKilled(path, `round${round}`, 10_000, 1 + round * 480);
    const there = await whatIsThere(path, `round${round}`, position);
    expect(acknowledged.filter((id) => !there.ids.has(id))).toEqual([]);
    position = there.position;
  }
});

/** Why system calls cannot be traced here; undefined when they can. */
function whyNoTrace(): string | undefined {
  const { error, status, stderr } = spawnSync("strace", ["-o", "/dev/null", "true"], { encoding: "utf8" });
  if (error !== undefined)
    return "strace is not installed; with it, this test shows the order of sync and acknowledgement";
  if (status !== 0) return `strace may not trace here (${stderr.trim()}); it needs the right to ptrace`;
  return undefined;
}

/** Runs the program under strace until it ends; answers what it said. */
function runTraced(path: string, count: number, parallel: number, options: readonly string[]): string[] {
  const command = ["-f", "-y", ...options, ...program, path, "acme", String(count), String(parallel)];
  const { stdout, stderr } = spawnSync("strace", command, { encoding: "utf8" });
  expect(stderr).not.toMatch(/Error/);
  return stdout.trim().split("\n");
}

test.for([
  { manner: "one by one", parallel: 1 },
  { manner: "in groups", parallel: 16 },
])("a completed sync of the log precedes every acknowledgement: $manner", ({ parallel }, { skip }) => {
  const reason = whyNoTrace();
  if (reason !== undefined) return skip(reason);
  const folder = testFolder();
  const trace = join(folder, "trace");
  // Enough for checkpoints, after which the log is written from its start again.
  const said = runTraced(join(folder, "test.db"), 600, parallel, [
    "-o",
    trace,
    "-e",
    "trace=write,pwrite64,fsync,fdatasync",
  ]);
  expect(said).toHaveLength(600);
  const report = acknowledgedAfterSync(readFileSync(trace, "utf8"), { oneByOne: parallel === 1 });
  expect(report).toEqual({ acknowledgements: 600, early: [] });
});

test("a sync that fails is not acknowledged, and its outcome is unknown", async ({ skip }) => {
  const reason = whyNoTrace();
  if (reason !== undefined) return skip(reason);
  const folder = testFolder();
  const path = join(folder, "test.db");
  const fail = ["-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=50+"];
  const said = runTraced(path, 600, 1, fail);
  expect(said.at(-1)).toBe("refused unknown");
  expect(said.length).toBeGreaterThan(10);
  const { ids } = await whatIsThere(path, "acme");
  expect(said.slice(0, -1).filter((id) => !ids.has(id))).toEqual([]);
});
