import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram, type ProgramOptions } from "../run-program.ts";
import { outcomeFile } from "./summary-reporter.ts";
import type { Summary } from "./summary.ts";

/** How a run of vitest ended. */
export interface VitestEnd {
  /** What it ran; a run that ended before it could say so is a failure. */
  readonly summary: Summary;
  readonly code: number;
  /** What it wrote, where that was collected. */
  readonly output: string;
}

/** Runs vitest with these arguments. */
export async function runVitest(args: readonly string[], output: ProgramOptions["output"]): Promise<VitestEnd> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-outcome-"));
  const file = join(folder, "outcome.json");
  const reporters = ["--reporter=default", "--reporter=./tools/test/summary-reporter.ts"];
  try {
    const ended = await runProgram("vitest", ["run", ...reporters, ...args], {
      ...(output === undefined ? {} : { output }),
      env: { [outcomeFile]: file },
    });
    return { ...ended, summary: readSummary(file, args) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readSummary(file: string, args: readonly string[]): Summary {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Summary;
  } catch {
    const failure = { what: `vitest ${args.join(" ")}`, error: "it ended before it could say what it had run" };
    return { passed: 0, failures: [failure], notRun: [] };
  }
}
