import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startBalancer } from "../../support/balancer.ts";
import { firstCredential, startServer, type RunningServer } from "../../support/server.ts";
import type { Instance } from "../../support/relying-party.ts";
import { crashFolderVariable, openCrashFolder, type Commit, type NewOrder } from "./crash-folder.ts";

/** A server that a test can have killed between two commits, and start again on its data, at the same origin. */
export interface CrashingServer extends Instance {
  readonly dataDir: string;
  readonly adminPassword: string;
  /** Has it killed when it has made so many commits more; undefined: not any more. */
  order(crash: NewOrder | undefined): void;
  /**
   * Makes a call and has it held once it has made so many commits: durable, with nobody told. Resolves then; until it is killed,
   * the server commits nothing more but for other calls. Rejects when the call is answered before.
   */
  hold(commits: number, call: () => Promise<number>): Promise<void>;
  /** Keeps it, now and after another start, from what it would commit by itself while it serves; until told otherwise. */
  setQuiet(isQuiet: boolean): void;
  /** Kills it. */
  kill(): Promise<void>;
  /** Leads the origin to another server: `host:port`. */
  use(listening: string): void;
  /** What it committed since this was asked last. */
  commits(): readonly Commit[];
  /** Resolves once it is dead. Rejects when it does not die. */
  crashed(): Promise<void>;
  /** Starts it again, or for the first time. Rejects when it ends before it is ready, as with an order for the start. */
  start(): Promise<void>;
  /** Ends it and removes its data. Idempotent. */
  stop(): Promise<void>;
}

const preload = join(import.meta.dirname, "preload.ts");
/** How long a server may take to carry out what it was ordered, in milliseconds. */
const patience = 20_000;

/** Prepares one, in a new folder, that is not started yet. */
export async function crashingServer(env: Readonly<Record<string, string>> = {}): Promise<CrashingServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-crash-"));
  const folder = openCrashFolder(dataDir);
  const balancer = await startBalancer();
  let server: RunningServer | undefined;
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    await server?.end();
    await balancer.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
  return {
    url: balancer.origin,
    dataDir,
    get adminApiKey() {
      return firstCredential(dataDir, "admin-api-key");
    },
    get adminPassword() {
      return firstCredential(dataDir, "admin-password");
    },
    order: (crash) => folder.order(crash),
    async hold(commits, call) {
      folder.order({ commits, of: "requests", what: "hold" });
      let answer = "";
      void call().then(
        (status) => (answer = String(status)),
        (error: unknown) => (answer = String(error)),
      );
      for (const until = performance.now() + patience; folder.isOrdered(); await delay(2)) {
        const why = answer === "" ? "nothing" : `the answer ${answer}`;
        if (answer === "" && performance.now() < until) continue;
        folder.order(undefined);
        throw new Error(`there was ${why} before commit ${commits}`);
      }
    },
    setQuiet: (isQuiet) => folder.setQuiet(isQuiet),
    async kill() {
      await server?.end("SIGKILL");
      folder.order(undefined);
    },
    use: (listening) => balancer.use([listening]),
    commits: () => folder.commits(),
    async crashed() {
      const { pid = 0 } = server ?? {};
      for (const until = performance.now() + patience; isAlive(pid); await delay(2)) {
        if (performance.now() > until) throw new Error("the server was ordered to die, and lives");
      }
      await server?.end();
      folder.order(undefined);
    },
    async start() {
      server = await startServer({
        dataDir,
        preload,
        env: { ...env, KODER_ID_PUBLIC_URL: balancer.origin, [crashFolderVariable]: dataDir },
      });
      balancer.use([server.listening]);
    },
    stop: () => (stopped ??= stop()),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
