import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startCommand } from "./start-command.ts";
import type { ServiceName } from "../../services/host/call.ts";

/** A server started as a user starts it: a process of its own. */
export interface RunningServer {
  /** Public origin, without a slash at the end. */
  readonly url: string;
  /** `host:port` of the gateway, where the process has one. */
  readonly listening: string;
  /** `host:port` of each service's gRPC port. */
  readonly grpc: Readonly<Record<Exclude<ServiceName, "gateway">, string>>;
  /** `host:port` of each service's HTTP port. */
  readonly http: Readonly<Record<Exclude<ServiceName, "gateway">, string>>;
  readonly dataDir: string;
  /** The first API key, with authority over the instance; empty where the start made none. */
  readonly adminApiKey: string;
  /** The owner's first password; empty where the start made none. */
  readonly adminPassword: string;
  readonly pid: number;
  /** Every line that the server wrote until now, both streams. */
  logs(): readonly string[];
  /** Ends it with a signal, `SIGTERM` unless told otherwise, and resolves with its exit code, null after a kill. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Ends it if it still runs, and removes its data unless the caller named the folder. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Settings beyond those that a test needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder to keep data in, of a server that ran before; by default a new one. */
  readonly dataDir?: string;
  /** A module that is loaded before the server's own: how a test of faults has a hand in it. */
  readonly preload?: string;
  /** A module that has a hand in it and then reads the program, which stays as it is. */
  readonly program?: string;
}

/** How long a server may take until it is ready, and how long until it has ended, in ms. */
const patience = 90_000;

interface ReadyLine {
  readonly msg: "ready";
  readonly url: string;
  readonly listening?: string;
  readonly grpc: RunningServer["grpc"];
  readonly http: RunningServer["http"];
}

/** Starts a server on free ports and waits for its ready line. Rejects with what it wrote when it ends before. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "koder-id-server-"));
  const command = startCommand(options.program);
  const preload = options.preload === undefined ? [] : ["--import", options.preload];
  const child = spawn(process.execPath, [...preload, ...command.args], {
    cwd: join(import.meta.dirname, "../.."),
    env: {
      ...withoutSettings(process.env),
      ...command.env,
      KODER_ID_LISTEN: "127.0.0.1:0",
      KODER_ID_SERVICE_BASE_PORT: "0",
      KODER_ID_DATA: dataDir,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const removeData = (): void => {
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  const output: string[] = [];
  try {
    const ready = await readyLine(child, output);
    return {
      url: ready.url,
      listening: ready.listening ?? "",
      grpc: ready.grpc,
      http: ready.http,
      dataDir,
      adminApiKey: firstCredential(dataDir, "admin-api-key"),
      adminPassword: firstCredential(dataDir, "admin-password"),
      pid: child.pid ?? 0,
      logs: () => output,
      end: (signal = "SIGTERM") => end(child, signal),
      stop: async () => {
        await end(child, "SIGTERM");
        removeData();
      },
    };
  } catch (error) {
    await end(child, "SIGKILL");
    removeData();
    throw error;
  }
}

/** A credential that the first start wrote to a file; empty when it wrote none, as with a bootstrap token or a given password. */
export function firstCredential(dataDir: string, name: string): string {
  const file = join(dataDir, name);
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
}

/** Settings of the developer's own shell must not reach a test. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("KODER_ID_")));
}

function readyLine(child: ChildProcess, output: string[]): Promise<ReadyLine> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadyLine>();
  const fail = (why: string) => reject(new Error(`the server ${why}\n${output.join("\n")}`));
  const timer = setTimeout(() => fail(`was not ready within ${patience} ms`), patience);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      output.push(line);
      const message = parsed(line);
      if (isReady(message)) resolve(message);
    });
  }
  child.once("error", (error) => fail(`could not be started: ${error.message}`));
  child.once("close", (code) => fail(`ended with ${code} before it was ready`));
  return promise.finally(() => clearTimeout(timer));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Not a log line, for instance a warning of Node's own.
  }
}

function isReady(message: unknown): message is ReadyLine {
  return typeof message === "object" && message !== null && "msg" in message && message.msg === "ready";
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const closed = once(child, "close");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), patience);
    await closed;
    clearTimeout(timer);
  }
  return child.exitCode;
}
