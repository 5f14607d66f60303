import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";
import { writeSummary, type Failure, type NotRun } from "./summary.ts";

/** The variable that names the file for a run's outcome. */
export const outcomeFile = "KODER_ID_TEST_OUTCOME";

/** Writes the outcome of a vitest run, with every test that was skipped and why, for `tools/test.ts` to report. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    const failures: Failure[] = unhandled.map((error) => failure("outside of every test", [error]));
    const notRun: NotRun[] = [];
    for (const module of modules) {
      const file = module.relativeModuleId;
      // Errors of modules and suites are those outside their tests: a file that could not be loaded, a hook that failed.
      for (const error of module.errors()) failures.push(failure(file, [error]));
      for (const suite of module.children.allSuites())
        for (const error of suite.errors()) failures.push(failure(`${file} > ${suite.fullName}`, [error]));
      for (const test of module.children.allTests()) {
        const result = test.result();
        const what = `${file} > ${test.fullName}`;
        if (result.state === "passed") passed += 1;
        else if (result.state === "failed") failures.push(failure(what, result.errors));
        else notRun.push({ what, reason: reasonOf(test) });
      }
    }
    const outcome = process.env[outcomeFile];
    if (outcome === undefined) throw new Error(`no ${outcomeFile} names the file for the outcome`);
    writeSummary(outcome, { passed, failures, notRun });
  }
}

function failure(what: string, errors: readonly SerializedError[]): Failure {
  return { what, error: errors.map(textOf).join("\n") };
}

/** What it says, and where in our own files it came from. */
function textOf({ message, stacks }: SerializedError): string {
  const at = stacks?.[0];
  return at === undefined ? message : `${message}\nat ${at.file}:${at.line}:${at.column}`;
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state !== "skipped") return "it did not end";
  if (result.note !== undefined) return result.note;
  return isBehindFailure(test) ? "a hook before it failed" : "skipped without a reason";
}

/** Whether the file or a suite around the test failed outside its tests. */
function isBehindFailure(test: TestCase): boolean {
  if (test.module.errors().length > 0) return true;
  for (let { parent } = test; parent.type === "suite"; parent = parent.parent)
    if (parent.errors().length > 0) return true;
  return false;
}
