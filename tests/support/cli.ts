import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** What a command wrote, and how it ended. */
export interface CommandEnd {
  /** Null after a kill. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command of `koder-id` in a process of its own, as people run it. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** What it has written to the error stream so far. */
  readonly err: () => string;
  readonly ended: Promise<CommandEnd>;
}

/** Starts a command; settings of the developer's own shell do not reach it. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
  const program = join(import.meta.dirname, "../../clients/cli/koder-id.ts");
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("KODER_ID_"));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args], {
    env: { ...Object.fromEntries(own), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (err += chunk));
  return { child, err: () => err, ended: once(child, "close").then(() => ({ code: child.exitCode, out, err })) };
}

/** Runs a command to its end. */
export function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandEnd> {
  return startCli(args, env).ended;
}
