import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cpuMicroseconds } from "./process-usage.ts";

/** A server in a process of its own, which says on one JSON line that it is ready. */
export interface ServerProcess {
  readonly pid: number;
  readonly ready: Readonly<Record<string, unknown>>;
  /** From its start to the ready line, in milliseconds. */
  readonly readyAfter: number;
  /** CPU time that it took to get there, in milliseconds. */
  readonly cpuUntilReady: number;
  stop(): Promise<void>;
}

const patience = 30_000;

// A benchmark that is interrupted leaves no server behind.
const children = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

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
  children.add(child);
  child.once("exit", () => children.delete(child));
  const ready = await readyLine(child).catch(async (error: unknown) => {
    await stop(child);
    throw error;
  });
  const readyAfter = performance.now() - began;
  const pid = child.pid ?? 0;
  return { pid, ready, readyAfter, cpuUntilReady: cpuMicroseconds(pid) / 1000, stop: () => stop(child) };
}

/** Runs `node` with these arguments, showing what it says, until it ends. Rejects unless it ends well. */
export async function runToEnd(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, {
    cwd: join(import.meta.dirname, ".."),
    stdio: ["ignore", "inherit", "inherit"],
  });
  children.add(child);
  const [code] = (await once(child, "exit")) as [number | null];
  children.delete(child);
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}`);
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
