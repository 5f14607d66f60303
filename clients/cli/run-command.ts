import { parseArgs } from "node:util";
import { nearestName } from "../../services/host/nearest-name.ts";
import { UsageError, type Arguments, type Command, type Terminal } from "./command.ts";

/** A command by the words that people type, read only when it is called. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** Exit codes: done, failed, and not understood. */
const [done, failed, misunderstood] = [0, 1, 2] as const;

/**
 * Runs what was typed behind `koder-id`, and resolves with the exit code: the command's own, 1 when it failed with a
 * sentence on the error stream, 2 when it was not understood.
 */
export async function runCommand(commands: Commands, args: readonly string[], terminal: Terminal): Promise<number> {
  const name = nameOf(commands, args);
  if (name === undefined) return overview(commands, args, terminal);
  const command = await commands[name]?.();
  if (command === undefined) return misunderstood;
  try {
    const typed = parse(command, args.slice(name.split(" ").length));
    if (typed.values["help"] === true) {
      terminal.out.write(`${command.summary}\n\n${usageOf(name, command)}\n`);
      return done;
    }
    refuseStray(command, typed);
    return (await command.run(typed, terminal)) ?? done;
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    terminal.err.write(`koder-id ${name}: ${sentence}\n`);
    if (!(error instanceof UsageError)) return failed;
    terminal.err.write(`${usageOf(name, command)}\n`);
    return misunderstood;
  }
}

/** The longest name that the words begin with. */
function nameOf(commands: Commands, args: readonly string[]): string | undefined {
  return [2, 1].map((words) => args.slice(0, words).join(" ")).find((words) => Object.hasOwn(commands, words));
}

function parse(command: Command, args: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...command.options, json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    return { values: values, positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Refuses what the command would pass over: whoever typed it meant something by it. */
function refuseStray({ mostArguments = 0 }: Command, { positionals }: Arguments): void {
  const stray = positionals.slice(mostArguments);
  if (stray.length === 0) return;
  const taken = mostArguments === 0 ? "no arguments but its options" : `${mostArguments} at most, and options`;
  throw new UsageError(`${stray.join(" ")}: takes ${taken}`);
}

const usageOf = (name: string, { usage }: Command): string => `Usage: koder-id ${name} ${usage}`.trimEnd();

/** Words that ask for the list of commands. */
const questions: readonly string[] = ["help", "--help", "-h"];

/** The list of commands, or of those that begin with a word; and what was not understood, when something was typed. */
async function overview(commands: Commands, args: readonly string[], { out, err }: Terminal): Promise<number> {
  const [first, second = ""] = args;
  const names = Object.keys(commands);
  const group = questions.includes(second) ? names.filter((name) => name.startsWith(`${first} `)) : [];
  const isAsked = first === undefined || questions.includes(first) || group.length > 0;
  if (!isAsked) {
    const typed = args.slice(0, 2).join(" ");
    const near = nearestName(typed, names) ?? nearestName(first, names);
    err.write(`koder-id: there is no command ${typed}${near === undefined ? "" : `; did you mean ${near}?`}\n`);
  }
  const listed = group.length > 0 ? group : names;
  const width = Math.max(...listed.map(({ length }) => length));
  const lines = await Promise.all(
    listed.map(async (name) => `  ${name.padEnd(width)}  ${(await commands[name]?.())?.summary}\n`),
  );
  (isAsked ? out : err).write(`Usage: koder-id <command> [--json] [--help]\n\n${lines.join("")}`);
  return isAsked ? done : misunderstood;
}
