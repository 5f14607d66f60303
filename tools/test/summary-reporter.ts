import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";
import { writeSummary, type NotRun } from "./summary.ts";

/** The variable that names the file for a run's outcome. */
export const outcomeFile = "KODER_ID_TEST_OUTCOME";

/** Writes the outcome of a vitest run, with every test that was skipped and why, for `tools/test.ts` to report. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    let failed = unhandled.length;
    const notRun: NotRun[] = [];
    for (const module of modules) {
      // Errors of modules and suites are those outside their tests: a file that could not be loaded, a hook that failed.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        else if (state === "failed") failed += 1;
        else notRun.push({ what: `${module.relativeModuleId} > ${test.fullName}`, reason: reasonOf(test) });
      }
    }
    const file = process.env[outcomeFile];
    if (file === undefined) throw new Error(`no ${outcomeFile} names the file for the outcome`);
    writeSummary(file, { passed, failed, notRun });
  }
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
