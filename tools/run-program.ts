import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** `inherit` shows the program's output as it comes; by default it is collected. */
  readonly output?: "collect" | "inherit";
  /** Lets everything else on the machine go first. */
  readonly yields?: boolean;
}

export interface ProgramResult {
  /** Exit code; 127 when the program could not be started, 128 + n when a signal ended it. */
  readonly code: number;
  /** What it wrote, both streams in the order of arrival; empty with `inherit`. */
  readonly output: string;
}

/** The root of the repository: where every program starts unless told otherwise. */
export const repositoryRoot = new URL("..", import.meta.url).pathname;

/** Runs a program to its end, without a shell. Never rejects: a program that cannot be started is a result, too. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { promise, resolve } = Promise.withResolvers<ProgramResult>();
  const child = spawn(command, args, {
    cwd: options.cwd ?? repositoryRoot,
    // The programs of the lock file come first, however the tool was started.
    env: { ...process.env, PATH: `${repositoryRoot}node_modules/.bin:${process.env["PATH"] ?? ""}`, ...options.env },
    stdio: options.output === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  // What it starts takes that over.
  if (options.yields === true && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("error", (error) => resolve({ code: 127, output: `${command}: ${error.message}` }));
  child.on("close", (code, signal) =>
    resolve({ code: code ?? (signal === null ? 1 : 128), output: Buffer.concat(chunks).toString() }),
  );
  return promise;
}

/** Runs a program that has to succeed, and returns what it wrote; throws an Error with its output otherwise. */
export async function mustRun(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, output } = await runProgram(command, args, options);
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code}\n${output}`);
  return output;
}
