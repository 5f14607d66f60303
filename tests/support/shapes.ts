import { sharedDatabase } from "./postgres-shared.ts";
import { startReplicas } from "./replicas.ts";
import { startServer, type RunningServer } from "./server.ts";
import { startSplitServer } from "./split-server.ts";

type Settings = Readonly<Record<string, string>>;

/** A way to run the same product. */
export interface Shape {
  readonly name: string;
  /** Starts it, with settings beyond its own. */
  readonly start: (env?: Settings) => Promise<RunningServer>;
}

const withPostgres = async (env: Settings) => ({ ...env, KODER_ID_STORE: await sharedDatabase() });
const twoProcesses = (env: Settings) => startServer({ env: { ...env, KODER_ID_PROCESSES: "2" } });

/** Everything in one process, data in a file. */
export const inOneProcess: Shape = { name: "in one process", start: (env = {}) => startServer({ env }) };

/** Everything in one process, data in its memory. */
export const inMemory: Shape = {
  name: "in one process, in memory",
  start: (env = {}) => startServer({ env: { ...env, KODER_ID_STORE: "memory:" } }),
};

/** Everything in one process, data in PostgreSQL. */
export const onPostgres: Shape = {
  name: "in one process, on PostgreSQL",
  start: async (env = {}) => startServer({ env: await withPostgres(env) }),
};

/** The gateway and the five services in processes of their own. */
export const split: Shape = { name: "in six processes", start: (env = {}) => startSplitServer({ env }) };

/** Two gateways and two of each service on one PostgreSQL, behind a balancer. */
export const replicated: Shape = {
  name: "two of each on PostgreSQL",
  start: async (env = {}) => startSplitServer({ replicas: 2, env: await withPostgres(env) }),
};

/** Two processes with everything on one PostgreSQL, behind a balancer: what is about a second process needs no more of them. */
export const onReplicas: Shape = {
  name: "two processes on PostgreSQL",
  async start(env = {}) {
    const replicas = await startReplicas(env);
    const { url, adminApiKey } = replicas;
    return { ...replicas.servers()[0], url, adminApiKey, stop: () => replicas.stop() };
  },
};

/** Two processes of one machine on the same ports, one file between them. */
export const onSharedPorts: Shape = {
  name: "two processes on the same ports",
  start: (env = {}) => twoProcesses(env),
};

/** The same on PostgreSQL. */
export const onSharedPortsAndPostgres: Shape = {
  name: "two processes on the same ports, on PostgreSQL",
  start: async (env = {}) => twoProcesses(await withPostgres(env)),
};
