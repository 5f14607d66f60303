import { chromiumPath } from "../../tests/support/chromium-path.ts";
import { runProgram, type ProgramResult } from "../run-program.ts";

function isInstalled(): boolean {
  try {
    chromiumPath();
    return true;
  } catch {
    return false;
  }
}

/** Packages that have Chromium, the one that is asked for first; not every distribution has the headless shell by itself. */
const packages = ["chromium-headless-shell", "chromium"];

/**
 * Makes sure that Chromium is there for the browser tests: installs it with apt-get where it is missing and the rights
 * allow it. Returns why it is missing otherwise.
 */
export async function ensureChromium(): Promise<string | undefined> {
  if (isInstalled()) return undefined;
  if (process.getuid?.() !== 0)
    return "Chromium is not installed, and only root can install it (apt-get install chromium)";
  process.stdout.write("Installing Chromium for the browser tests …\n");
  await aptGet("update");
  const answers: string[] = [];
  for (const name of packages) {
    const { code, output } = await aptGet("install", "-y", "--no-install-recommends", name, "fonts-liberation");
    if (code === 0 && isInstalled()) return undefined;
    answers.push(output.trim().split("\n").at(-1) ?? `apt-get ended with ${code}`);
  }
  return `Chromium could not be installed: ${answers.join("; ")}`;
}

function aptGet(...args: string[]): Promise<ProgramResult> {
  return runProgram("apt-get", args, { env: { DEBIAN_FRONTEND: "noninteractive" } });
}
