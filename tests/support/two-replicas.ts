import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { openStore } from "../../services/store/open-store.ts";
import { startBalancer } from "./balancer.ts";
import { sharedDatabase } from "./postgres-shared.ts";
import type { Instance } from "./relying-party.ts";
import { startServer, type RunningServer } from "./server.ts";

/** What a replica answered. */
export interface Answered {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** What a request to a replica has; `form` and `json` exclude each other. */
export interface Asked {
  readonly method?: string;
  readonly authorization?: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** Two processes with everything, on one PostgreSQL, behind one origin. */
export interface TwoReplicas {
  /** What a browser or a library reaches at the origin: the first replica. */
  readonly first: Instance;
  readonly replicas: readonly [RunningServer, RunningServer];
  /** Asks a replica itself, on a connection of its own. */
  ask(replica: RunningServer, path: string, asked?: Asked): Promise<Answered>;
  /** Keeps everybody from sequencing until the function that it answers is called; nobody sees news in the log meanwhile. */
  stallLog(): Promise<() => Promise<void>>;
  /** Events that are not in the log yet. */
  waiting(): Promise<number>;
  /** Resolves when every event is in the log and both replicas have dropped what they tell of. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** How far a replica's caches have followed the log. */
const followed = 'koder_id_log_reader_position{reader="caches"}';

/** A metric of a replica, by its name and labels; NaN where it is not shown. */
export async function metric({ http }: RunningServer, name: string): Promise<number> {
  const lines = (await (await fetch(`http://${http.admin}/metrics`)).text()).split("\n");
  return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? Number.NaN);
}

/** Starts them. */
export async function startTwoReplicas(): Promise<TwoReplicas> {
  const url = await sharedDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-replicas-"));
  const balancer = await startBalancer();
  const env = { KODER_ID_STORE: url, KODER_ID_PUBLIC_URL: balancer.origin };
  const running: RunningServer[] = [];
  const start = async (): Promise<RunningServer> => {
    const server = await startServer({ dataDir, env });
    running.push(server);
    return server;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()));
    await balancer.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    // The first makes the master key, the owner and the API key.
    const replicas = [await start(), await start()] as const;
    balancer.use([replicas[0].listening]);
    const store = await openStore({ url, collections: [], clock: Date.now });
    const system = store.system();
    return {
      first: { url: balancer.origin, adminApiKey: replicas[0].adminApiKey },
      replicas,
      async ask({ listening }, path, { method = "GET", authorization, form, json } = {}) {
        const body = form === undefined ? json && JSON.stringify(json) : new URLSearchParams(form).toString();
        const sent = httpRequest(`http://${listening}${path}`, {
          method,
          agent: false,
          headers: {
            host: new URL(balancer.origin).host,
            ...(authorization === undefined ? {} : { authorization }),
            ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
            ...(json === undefined ? {} : { "content-type": "application/json" }),
          },
        });
        sent.end(body);
        const [response] = (await once(sent, "response")) as [IncomingMessage];
        const content = await text(response);
        const isJson = response.headers["content-type"]?.includes("json") === true;
        return {
          status: response.statusCode ?? 0,
          json: isJson ? (JSON.parse(content) as Record<string, unknown>) : {},
        };
      },
      async stallLog() {
        // Fences are small numbers: whoever has the lease is made to have given it up, and we are first to take it.
        for (let fence = 1; fence < 1_000; fence += 1) {
          await system.release({ name: "sequencer", holder: "", fence, expiresAt: 0 });
          const lease = await system.lease("sequencer", "test", 600_000);
          if (lease !== undefined) return () => system.release(lease);
        }
        throw new Error("the lease of the sequencer could not be taken");
      },
      waiting: async () => (await system.outbox(0, 1_000)).length,
      async settled() {
        for (const until = performance.now() + 20_000; performance.now() < until; await delay(20)) {
          if ((await system.outbox(0, 1)).length > 0) continue;
          const end = await system.logEnd();
          const positions = await Promise.all(replicas.map((one) => metric(one, followed)));
          if (positions.every((position) => position === end)) return;
        }
        throw new Error("the event log did not come to rest");
      },
      async stop() {
        await store.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
