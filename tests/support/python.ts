import { basename, dirname, join } from "node:path";
import { mustRun, runProgram } from "../../tools/run-program.ts";
import { builtOnce } from "./built-once.ts";

/** Fails where Python is too old or venv is not there, else says which Python it is. */
const probe = "import ensurepip, sys, venv; assert sys.version_info >= (3, 10); print(sys.version, sys.base_prefix)";

/** Why there is no Python for a test. */
export const pythonIsMissing =
  "Python 3.10 or later with venv is not installed (https://www.python.org/downloads; Debian: python3-venv)";

/**
 * The Python of an environment that has exactly the packages of a file of requirements, each by its hash; undefined
 * where there is no Python for it.
 */
export async function pythonWith(requirements: string): Promise<string | undefined> {
  const { code, output } = await runProgram("python3", ["-c", probe]);
  if (code !== 0) return undefined;
  const of = { source: dirname(requirements), files: [basename(requirements)], compiler: output };
  const pythonIn = (folder: string): string => join(folder, "bin/python");
  const folder = await builtOnce("python", of, async (into) => {
    await mustRun("python3", ["-m", "venv", into]);
    const options = ["--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary", ":all:"];
    await mustRun(pythonIn(into), ["-m", "pip", "install", ...options, "-r", requirements]);
  });
  return pythonIn(folder);
}
