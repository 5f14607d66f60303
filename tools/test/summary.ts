import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repositoryRoot } from "../run-program.ts";

/** Something that was not run, and why. */
export interface NotRun {
  readonly what: string;
  readonly reason: string;
}

/** Something that failed, and how. */
export interface Failure {
  readonly what: string;
  /** What it said, in one line or several. */
  readonly error: string;
}

/** The outcome of a test run. */
export interface Summary {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly notRun: readonly NotRun[];
}

/** What was run and what was not, of several runs together. */
export function together(summaries: readonly Summary[]): Summary {
  return {
    passed: summaries.reduce((sum, { passed }) => sum + passed, 0),
    failures: summaries.flatMap(({ failures }) => failures),
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

/** How much of an error is repeated at the end of a run. */
const errorLines = 12;

/**
 * The exit code and the closing lines of a run. What was not run is listed with its reason; where `strict`, as in CI, it
 * counts as a failure, so that nothing is skipped silently. What failed is said again: thousands of lines may lie before.
 */
export function closing(summary: Summary, strict: boolean): { code: number; text: string } {
  const { passed, failures, notRun } = summary;
  const skipped = notRun.map(({ what, reason }) => `  ${what}: ${reason}`);
  const failed = failures.flatMap(({ what, error }) => [
    `  ${what}`,
    ...error
      .trim()
      .split("\n", errorLines)
      .map((line) => `    ${line}`),
  ]);
  const lines = [
    ...(skipped.length > 0 ? ["Not run:", ...skipped] : []),
    ...(failed.length > 0 ? ["Failed:", ...failed] : []),
    `Tests: ${passed} passed, ${failures.length} failed, ${notRun.length} not run`,
  ];
  const code = failures.length > 0 || (strict && notRun.length > 0) ? 1 : 0;
  return { code, text: `${lines.join("\n")}\n` };
}
