import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startCommand } from "../../tests/support/start-command.ts";
import { siteOf, type Site } from "../http-client.ts";
import type { Usage } from "../measure.ts";
import { residentMebibytes, treeCpuMicroseconds } from "../process-usage.ts";
import { startNode } from "../server-process.ts";

/** Ours, in whatever shape: what the works need of it, and what it has used. */
export interface KoderIdServer {
  readonly site: Site;
  /** `host:port` of the identity service's gRPC port. */
  readonly identity: string;
  /** The first API key, with authority over the instance. */
  readonly apiKey: string;
  readonly usage: Usage;
  /** Resident memory of all its processes, in MiB. */
  readonly resident: () => number;
  stop(): Promise<void>;
}

/** Ours in one process, or one with its workers. */
export interface KoderIdProcess extends KoderIdServer {
  readonly pid: number;
  readonly dataDir: string;
  /** From its start to the ready line, in milliseconds; and its CPU time until then. */
  readonly readyAfter: number;
  readonly cpuUntilReady: number;
}

export interface KoderIdOptions {
  /** Settings beyond those that a benchmark needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** A data folder that stays; by default a new one, removed at the end. */
  readonly dataDir?: string;
  /** Modules of `bench/servers/` that are read before the program, which then has its modules one by one. */
  readonly preload?: readonly Preload[];
  /** A module of `bench/servers/` that reads the program itself. */
  readonly program?: Program;
  readonly nodeOptions?: readonly string[];
  /** False: as at the first start after an installation, when nothing is compiled yet. */
  readonly compiled?: boolean;
}

/** Modules that change what a server does, so that the rest of it can be measured. */
export type Preload = "remembered-hash" | "empty-get-user";

/** Programs that change what ours does. */
export type Program = "with-remembered-hash";

export const fileOf = (program: Preload | Program): string => join(import.meta.dirname, `../servers/${program}.ts`);

/** Journeys come from many addresses, as behind a proxy: from one address only so many may begin. */
export const benchSettings = { KODER_ID_TRUSTED_PROXIES: "127.0.0.1", KODER_ID_LOG_LEVEL: "info" } as const;

/** The value of NODE_OPTIONS that reads modules first. */
function preloading(modules: readonly Preload[]): Readonly<Record<string, string>> {
  const options = modules.map((name) => `--import=${pathToFileURL(fileOf(name)).href}`);
  return options.length === 0 ? {} : { NODE_OPTIONS: options.join(" ") };
}

/** Our server as a user starts it; with an empty data folder on the embedded store unless told otherwise. */
export async function startKoderId(options: KoderIdOptions = {}): Promise<KoderIdProcess> {
  const { env = {}, preload = [], program, nodeOptions = [], compiled = true } = options;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "koder-id-bench-"));
  const command = startCommand(program && fileOf(program));
  const removeData = (): void => {
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  process.once("exit", removeData);
  const server = await startNode([...nodeOptions, ...command.args], {
    ...command.env,
    ...preloading(preload),
    ...benchSettings,
    KODER_ID_LISTEN: "127.0.0.1:0",
    KODER_ID_SERVICE_BASE_PORT: "0",
    KODER_ID_DATA: dataDir,
    ...(compiled ? {} : { NODE_COMPILE_CACHE: join(dataDir, "compile-cache") }),
    ...env,
  });
  const { pid, ready, readyAfter, cpuUntilReady } = server;
  return {
    pid,
    dataDir,
    readyAfter,
    cpuUntilReady,
    site: siteOf(String(ready["url"])),
    identity: (ready["grpc"] as Readonly<Record<string, string>>)["identity"] ?? "",
    apiKey: readFileSync(join(dataDir, "admin-api-key"), "utf8").trim(),
    usage: { server: () => treeCpuMicroseconds(pid) },
    resident: () => residentMebibytes(pid),
    async stop() {
      await server.stop();
      process.off("exit", removeData);
      removeData();
    },
  };
}
