import { startPostgres } from "../../tests/support/postgres.ts";
import { treeCpuMicroseconds } from "../process-usage.ts";
import type { KoderIdServer } from "./koder-id.ts";

/** A PostgreSQL of the benchmark's own, with fsync and a cache as a server of its own has, and what it uses. */
export interface BenchPostgres {
  /** Makes an empty database and answers its URL. */
  createDatabase(): Promise<string>;
  /** A server of ours that keeps its data here; nobody else may be at work here while it is measured. */
  measured<Server extends KoderIdServer>(server: Server): Server;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startBenchPostgres(): Promise<BenchPostgres> {
  // As it comes it has 128 MB, for machines of the smallest kind; its manual asks for a quarter of the memory.
  const postgres = await startPostgres({ durable: true, settings: { shared_buffers: "1GB" } });
  const pid = postgres.pid();
  const end = (): void => void process.kill(pid, "SIGQUIT");
  process.once("exit", end);
  return {
    createDatabase: () => postgres.createDatabase(),
    measured: (server) => ({ ...server, usage: { ...server.usage, database: () => treeCpuMicroseconds(pid) } }),
    async stop() {
      process.off("exit", end);
      await postgres.stop();
    },
  };
}
