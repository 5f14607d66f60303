import { readFileSync } from "node:fs";
import { join } from "node:path";

/** How `npm start` starts the server, so that tests and benchmarks start the same. */
export interface StartCommand {
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of `node`. */
  readonly args: readonly string[];
}

/** The command of the `start` script: settings of the environment, `node`, its arguments; with another program if one is named. */
export function startCommand(program?: string): StartCommand {
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
    readonly scripts: { readonly start: string };
  };
  const words = scripts.start.split(" ");
  const node = words.indexOf("node");
  if (node < 0) throw new Error("the start script does not call node");
  const env = Object.fromEntries(words.slice(0, node).map((word) => word.split("=", 2) as [string, string]));
  const args = words.slice(node + 1);
  return { env, args: program === undefined ? args : [...args.slice(0, -1), program] };
}
