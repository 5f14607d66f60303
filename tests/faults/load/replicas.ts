import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBalancer } from "../../support/balancer.ts";
import { firstCredential, startServer, type RunningServer } from "../../support/server.ts";

/** Two servers with everything in each, on one store, behind one origin. */
export interface Replicas {
  readonly origin: string;
  /** Where the balancer is: `host:port`. */
  readonly address: string;
  readonly adminApiKey: string;
  /** Where each replica is, past the balancer. */
  addresses(): readonly string[];
  /** Kills one with SIGKILL, and starts it again until it serves; answers how long it was away, in milliseconds. */
  killAndRestart(replica: number): Promise<number>;
  /** Starts that failed, because the store was away at that moment. */
  failedStarts(): number;
  stop(): Promise<void>;
}

/** As a supervisor does: how long starts are tried again, in milliseconds. */
const patience = 60_000;

/** Starts two replicas on a store that several processes can share. */
export async function startReplicas(store: string): Promise<Replicas> {
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-replicas-"));
  const balancer = await startBalancer();
  const { host } = new URL(balancer.origin);
  const servers: (RunningServer | undefined)[] = [];
  let failed = 0;
  const start = () => startServer({ dataDir, env: { KODER_ID_STORE: store, KODER_ID_PUBLIC_URL: balancer.origin } });
  const lead = () => balancer.use(servers.flatMap((server) => server?.listening ?? []));

  // The first makes what the second finds.
  for (const replica of [0, 1]) servers[replica] = await start();
  lead();
  return {
    origin: balancer.origin,
    address: host.replace("localhost", "127.0.0.1"),
    adminApiKey: firstCredential(dataDir, "admin-api-key"),
    addresses: () => servers.flatMap((server) => server?.listening ?? []),
    failedStarts: () => failed,
    async killAndRestart(replica) {
      const killedAt = performance.now();
      await servers[replica]?.end("SIGKILL");
      for (;;) {
        try {
          servers[replica] = await start();
          lead();
          return performance.now() - killedAt;
        } catch (error) {
          const isStoreAway = error instanceof Error && error.message.includes("cannot be opened");
          if (!isStoreAway || performance.now() - killedAt > patience) throw error;
          failed += 1;
        }
      }
    },
    async stop() {
      await Promise.all(servers.map(async (server) => server?.end()));
      await balancer.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
