import { readFileSync, rmSync } from "node:fs";
import { fetchProtos } from "./fetch-protos.ts";
import { runProgram } from "./run-program.ts";
import { ensureChromium } from "./test/chromium.ts";
import { goTests } from "./test/go-tests.ts";
import { ensurePostgres } from "./test/postgres.ts";
import { closing, summaryFile, writeSummary, type Summary } from "./test/summary.ts";

// `npm test`: everything that a fresh machine needs, then every test, then what was not run and why. Arguments go to
// vitest, e.g. `npm test -- services/store`; then only the tests that they choose are run.
const chosen = process.argv.slice(2);

fetchProtos();
if (chosen.length === 0) {
  for (const missing of [await ensureChromium(), await ensurePostgres()]) {
    if (missing !== undefined) process.stdout.write(`${missing}\n`);
  }
}

rmSync(summaryFile, { force: true });
const reporters = ["--reporter=default", "--reporter=./tools/test/summary-reporter.ts"];
const { code } = await runProgram("vitest", ["run", ...reporters, ...chosen], { output: "inherit" });
const vitest = readSummary();
const go = chosen.length === 0 ? await goTests() : { passed: 0, failed: 0, notRun: [] };

const summary: Summary = {
  passed: vitest.passed + go.passed,
  failed: vitest.failed + go.failed,
  notRun: [...vitest.notRun, ...go.notRun],
};
writeSummary(summaryFile, summary);
const end = closing(summary, process.env["CI"] === "true");
process.stdout.write(`\n${end.text}`);
process.exitCode = code === 0 ? end.code : 1;

/** What vitest ran; a run that ended before it could say so is a failure. */
function readSummary(): Summary {
  try {
    return JSON.parse(readFileSync(summaryFile, "utf8")) as Summary;
  } catch {
    return { passed: 0, failed: 1, notRun: [] };
  }
}
