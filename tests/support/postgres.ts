import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterUrl, makeCluster, makeDatabase, untilReady, type PostgresOptions } from "./postgres-cluster.ts";

/** A PostgreSQL of a test's own, on loopback; see postgres-shared.ts for the one that all tests share. */
export interface RunningPostgres {
  readonly port: number;
  /** The URL of a database in it; `parameters` are those of the URL, such as `sslmode=require`. */
  url(database: string, parameters?: string): string;
  /** Makes an empty database and answers its URL. */
  createDatabase(name?: string): Promise<string>;
  /** The process id of the postmaster now. */
  pid(): number;
  /** Stops it as told and starts it again on the same data and port: `immediate` is a crash. */
  restart(mode: "fast" | "immediate"): Promise<void>;
  /** Stops it, so that `start` can start it again. */
  halt(mode: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a cluster in a new folder. Throws when PostgreSQL is nowhere: `npm test` has tried to get it before. */
export async function startPostgres(options: PostgresOptions = {}): Promise<RunningPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-postgres-"));
  const { command, data, port, user } = await makeCluster(folder, options);
  const [program, ...args] = command;
  let server: ChildProcess | undefined;
  async function start(): Promise<void> {
    const started = spawn(program, args, { ...user, cwd: folder, stdio: "ignore" });
    server = started;
    await untilReady(port, () => started.exitCode !== null);
  }
  async function halt(mode: "fast" | "immediate"): Promise<void> {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill(mode === "fast" ? "SIGINT" : "SIGQUIT");
    await ended;
  }
  await start();
  let databases = 0;
  return {
    port,
    url: (database, parameters) => clusterUrl(port, database, parameters),
    createDatabase: (name = `test${(databases += 1)}`) => makeDatabase(port, name),
    pid: () => Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]),
    async restart(mode) {
      await halt(mode);
      await start();
    },
    halt,
    start,
    async stop() {
      await halt("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
