import { chromiumPath } from "../../tests/support/chromium-path.ts";
import { runProgram } from "../run-program.ts";

function isInstalled(): boolean {
  try {
    chromiumPath();
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes sure that Chromium is there for the browser tests: installs it with apt-get where it is missing and the rights
 * allow it. Returns why it is missing otherwise.
 */
export async function ensureChromium(): Promise<string | undefined> {
  if (isInstalled()) return undefined;
  if (process.getuid?.() !== 0)
    return "Chromium is not installed, and only root can install it (apt-get install chromium)";
  process.stdout.write("Installing Chromium for the browser tests …\n");
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await runProgram("apt-get", ["update"], { env });
  const { code, output } = await runProgram(
    "apt-get",
    ["install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"],
    {
      env,
    },
  );
  if (code === 0 && isInstalled()) return undefined;
  return `Chromium could not be installed: ${output.trim().split("\n").at(-1) ?? `apt-get ended with ${code}`}`;
}
