import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repositoryRoot } from "../run-program.ts";

/** Something that was not run, and why. */
export interface NotRun {
  readonly what: string;
  readonly reason: string;
}

/** The outcome of a test run. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: readonly NotRun[];
}

/** What was run and what was not, of several runs together. */
export function together(summaries: readonly Summary[]): Summary {
  return {
    passed: summaries.reduce((sum, { passed }) => sum + passed, 0),
    failed: summaries.reduce((sum, { failed }) => sum + failed, 0),
    notRun: summaries.flatMap(({ notRun }) => notRun),
  };
}

/** Where the outcome of the last run is kept for programs, such as `.ci/run`. */
export const summaryFile = join(repositoryRoot, ".cache/test-summary.json");

/** Writes a summary for programs to read. */
export function writeSummary(file: string, summary: Summary): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(summary, undefined, 2)}\n`);
}

/**
 * The exit code and the closing lines of a run. What was not run is listed with its reason; where `strict`, as in CI, it
 * counts as a failure, so that nothing is skipped silently.
 */
export function closing(summary: Summary, strict: boolean): { code: number; text: string } {
  const { passed, failed, notRun } = summary;
  const lines = notRun.map(({ what, reason }) => `  ${what}: ${reason}`);
  if (lines.length > 0) lines.unshift("Not run:");
  lines.push(`Tests: ${passed} passed, ${failed} failed, ${notRun.length} not run`);
  return { code: failed > 0 || (strict && notRun.length > 0) ? 1 : 0, text: `${lines.join("\n")}\n` };
}
