import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Path, Problem } from "./problem.ts";

/** Where the values of references come from: the process's environment, and the folder that files are relative to. */
export interface SecretSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

/**
 * The secret that a file names by `{env: NAME}` or `{file: PATH}`; a secret itself in the file is refused. No problem tells of
 * what was read.
 */
export function readSecret(
  reference: unknown,
  path: Path,
  { env, folder }: SecretSource,
): { readonly secret: string; readonly problems: readonly Problem[] } {
  const refused = (description: string) => ({ secret: "", problems: [{ path, description }] });
  const [[kind, name] = [], ...more] =
    typeof reference === "object" && reference !== null ? Object.entries(reference as Record<string, unknown>) : [];
  if (typeof name !== "string" || name === "" || more.length > 0 || (kind !== "env" && kind !== "file")) {
    return refused("must name where the secret is, {env: NAME} or {file: PATH}; no secret stands in this file");
  }
  if (kind === "env") {
    const secret = env[name] ?? "";
    return secret === "" ? refused(`the environment has no ${name}`) : { secret, problems: [] };
  }
  try {
    const secret = readFileSync(resolve(folder, name), "utf8").trim();
    return secret === "" ? refused(`${name} is empty`) : { secret, problems: [] };
  } catch {
    return refused(`${name} cannot be read`);
  }
}
