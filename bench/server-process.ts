import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A server in a process of its own, which says on one JSON line that it is ready. */
export interface ServerProcess {
  readonly pid: number;
  readonly ready: Readonly<Record<string, unknown>>;
  /** From its start to the ready line, in milliseconds. */
  readonly readyAfter: number;
  stop(): Promise<void>;
}

const patience = 30_000;

/** Starts a TypeScript file of the project and waits for its line `{"msg":"ready",…}`. */
export async function startProcess(file: string, env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  return startNode(["--disable-warning=ExperimentalWarning", file], env);
}

/** Starts `node` with these arguments and waits for the line `{"msg":"ready",…}`. */
export async function startNode(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: join(import.meta.dirname, ".."),
    env: { ...process.env, NODE_ENV: "production", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ready = await readyLine(child);
  return { pid: child.pid ?? 0, ready, readyAfter: performance.now() - began, stop: () => stop(child) };
}

function readyLine(child: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const timer = setTimeout(() => reject(new Error(`no ready line within ${patience} ms`)), patience);
  child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{") && line.includes('"msg":"ready"')) resolve(JSON.parse(line) as Record<string, unknown>);
    });
  }
  return promise.finally(() => clearTimeout(timer));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await exited;
  clearTimeout(timer);
}
