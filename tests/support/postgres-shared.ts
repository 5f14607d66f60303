import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeCluster, makeDatabase, untilReady } from "./postgres-cluster.ts";

// Stops the cluster and removes its folder once the run is over. The run may belong to another user, whom this one may
// not signal: hence not `kill -0`.
const supervise = `
run=$1; folder=$2; shift 2
"$@" >/dev/null 2>&1 &
server=$!
while { [ -d "/proc/$run" ] || ps -p "$run" >/dev/null 2>&1; } && kill -0 "$server" 2>/dev/null; do sleep 0.3; done
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder"`;

/**
 * Makes an empty database in the cluster that all tests of one run of vitest share, and answers its URL. Whoever comes
 * first starts the cluster, without syncing to disk: what restarts its server starts one of its own (postgres.ts). It
 * ends by itself after the run.
 */
export async function sharedDatabase(): Promise<string> {
  // Workers are children of the run.
  const run = process.ppid;
  const folder = join(tmpdir(), `koder-id-postgres-run-${run}`);
  const address = join(folder, "port");
  if (claim(folder)) {
    try {
      const { command, port, user } = await makeCluster(folder, { durable: false });
      const options = { ...user, cwd: "/", stdio: "ignore", detached: true } as const;
      const supervisor = spawn("sh", ["-c", supervise, "sh", String(run), folder, ...command], options);
      supervisor.unref();
      await untilReady(port, () => supervisor.exitCode !== null);
      writeFileSync(`${address}.new`, String(port));
      renameSync(`${address}.new`, address);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }
  for (const until = performance.now() + 60_000; !existsSync(address); await delay(20)) {
    if (performance.now() > until || !existsSync(folder)) throw new Error("the shared PostgreSQL did not start");
  }
  return makeDatabase(Number(readFileSync(address, "utf8")), `test-${randomUUID()}`);
}

function claim(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
