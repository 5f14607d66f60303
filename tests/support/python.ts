import { hash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun, repositoryRoot, runProgram } from "../../tools/run-program.ts";

/** Fails where Python is too old or venv is not there, else says which Python it is. */
const probe = "import ensurepip, sys, venv; assert sys.version_info >= (3, 10); print(sys.version, sys.base_prefix)";

/** Why there is no Python for a test. */
export const pythonIsMissing =
  "Python 3.10 or later with venv is not installed (https://www.python.org/downloads; Debian: python3-venv)";

/**
 * The Python of an environment that has exactly the packages of a file of requirements, each by its hash; undefined
 * where there is no Python for it. It is made once for each such file and Python, in `.cache`.
 */
export async function pythonWith(requirements: string): Promise<string | undefined> {
  const { code, output } = await runProgram("python3", ["-c", probe]);
  if (code !== 0) return undefined;
  const key = hash("sha256", output + readFileSync(requirements, "utf8")).slice(0, 16);
  const folder = join(repositoryRoot, ".cache/python", key);
  const [python, complete] = [join(folder, "bin/python"), join(folder, "complete")];
  if (existsSync(complete)) return python;
  // What an installation that was interrupted has left is no environment.
  rmSync(folder, { recursive: true, force: true });
  await mustRun("python3", ["-m", "venv", folder]);
  const options = ["--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary", ":all:"];
  await mustRun(python, ["-m", "pip", "install", ...options, "-r", requirements]);
  writeFileSync(complete, "");
  return python;
}
