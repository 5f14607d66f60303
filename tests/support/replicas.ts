import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBalancer } from "./balancer.ts";
import { sharedDatabase } from "./postgres-shared.ts";
import { startServer, type RunningServer } from "./server.ts";

/** Two servers with one PostgreSQL and one data folder, behind one origin. */
export interface Replicas {
  readonly url: string;
  readonly storeUrl: string;
  readonly adminApiKey: string;
  /** The settings that a command beside them needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Those that run now. */
  servers(): readonly [RunningServer, RunningServer];
  /** Ends one of them, 0 or 1, and starts another in its place. */
  restart(place: 0 | 1): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them, with settings beyond those that they need. The origin leads to both, in turn, or to the first alone. */
export async function startReplicas(
  settings: Readonly<Record<string, string>> = {},
  leadsTo: "both" | "first" = "both",
): Promise<Replicas> {
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-replicas-"));
  const balancer = await startBalancer();
  const storeUrl = await sharedDatabase();
  const env = { ...settings, KODER_ID_STORE: storeUrl, KODER_ID_PUBLIC_URL: balancer.origin };
  const start = () => startServer({ dataDir, env });
  // One after the other: the first makes the credentials that both are called with.
  const servers: [RunningServer, RunningServer] = [await start(), await start()];
  const balance = () => balancer.use(servers.slice(0, leadsTo === "both" ? 2 : 1).map(({ listening }) => listening));
  balance();
  return {
    url: balancer.origin,
    storeUrl,
    adminApiKey: servers[0].adminApiKey,
    env: { ...env, KODER_ID_DATA: dataDir },
    servers: () => servers,
    async restart(place) {
      await servers[place].end();
      servers[place] = await start();
      balance();
    },
    async stop() {
      await Promise.all(servers.map((server) => server.end()));
      await balancer.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
