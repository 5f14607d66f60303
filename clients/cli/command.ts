import type { ParseArgsOptionsConfig } from "node:util";

/** What a command may use of the process that it runs in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where results go: text for people, or JSON with `--json`. */
  readonly out: NodeJS.WritableStream;
  /** Where everything else goes: progress, warnings, questions. */
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
}

/** What was typed behind a command's name. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
}

/** A command of `koder-id`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Arguments as people read them, behind the name: `--from <store> --to <store>`. */
  readonly usage: string;
  /** How many arguments it takes beside its options at most; none unless said. */
  readonly mostArguments?: number;
  /** Options, as `util.parseArgs` takes them. Every command has `--json` and `--help` besides. */
  readonly options?: ParseArgsOptionsConfig;
  /**
   * Does it, and resolves when it is done; with a number, that is the exit code. Throws UsageError for wrong arguments, and
   * any other error with a sentence for people.
   */
  readonly run: (args: Arguments, terminal: Terminal) => Promise<number | undefined>;
}

/** The arguments were wrong: the sentence says which, and what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A text option that must be there. Throws UsageError that names it. */
export function required({ values }: Arguments, option: string): string {
  const value = values[option];
  if (typeof value !== "string" || value === "") throw new UsageError(`--${option} is missing`);
  return value;
}
