import { setTimeout as delay } from "node:timers/promises";
import { openStore } from "../../services/store/open-store.ts";
import { askDirectly, type DirectAnswer } from "./direct-request.ts";
import type { Instance } from "./relying-party.ts";
import { startReplicas } from "./replicas.ts";
import type { RunningServer } from "./server.ts";

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
  ask(replica: RunningServer, path: string, asked?: Asked): Promise<DirectAnswer>;
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
  const started = await startReplicas({}, "first");
  const replicas = started.servers();
  const store = await openStore({ url: started.storeUrl, collections: [], clock: Date.now });
  const system = store.system();
  return {
    first: started,
    replicas,
    ask: ({ listening }, path, { method = "GET", authorization, form, json } = {}) =>
      askDirectly(listening, started.url, {
        method,
        path,
        headers: {
          ...(authorization === undefined ? {} : { authorization }),
          ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          ...(json === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      }),
    async stallLog() {
      // Fences are small numbers: whoever has the lease is made to have given it up, and we are first to take it.
      for (let fence = 1; fence < 1_000; fence += 1) {
        await system.release({ name: "sequencer", holder: "", fence, expiresAt: 0 });
        const lease = await system.lease("sequencer", "test", 60_000);
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
      await started.stop();
    },
  };
}
