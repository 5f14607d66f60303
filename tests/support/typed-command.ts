import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { commands } from "../../clients/cli/commands.ts";
import { runCommand } from "../../clients/cli/run-command.ts";

/** What a command of `koder-id` did. */
export interface TypedCommand {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command as if it had been typed, in this process. */
export async function typed(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<TypedCommand> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const read = Promise.all([text(out), text(err)]);
  const code = await runCommand(commands, args, { env, out, err });
  out.end();
  err.end();
  const [written, told] = await read;
  return { code, out: written, err: told };
}

/** Runs a command with `--json`, and answers what it said. Throws what it told when it failed. */
export async function typedJson(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const { code, out, err } = await typed([...args, "--json"], env);
  if (code !== 0) throw new Error(`koder-id ${args.join(" ")} ended with ${code}: ${err}`);
  return JSON.parse(out) as Record<string, unknown>;
}
