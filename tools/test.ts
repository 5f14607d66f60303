import { rmSync } from "node:fs";
import { fetchProtos } from "./fetch-protos.ts";
import { ensureChromium } from "./test/chromium.ts";
import { goTests } from "./test/go-tests.ts";
import { ensurePostgres } from "./test/postgres.ts";
import { runVitest, type VitestEnd } from "./test/run-vitest.ts";
import { closing, summaryFile, together, writeSummary, type Summary } from "./test/summary.ts";

// `npm test`: everything that a fresh machine needs, then every test, then what was not run and why. Arguments go to
// vitest, e.g. `npm test -- services/store`; then only the tests that they choose are run.
const chosen = process.argv.slice(2);

fetchProtos();
rmSync(summaryFile, { force: true });
const ended = chosen.length === 0 ? await everything() : { vitest: [await runVitest(chosen, "inherit")], others: [] };
const outcome = together([...ended.vitest.map(({ summary }) => summary), ...ended.others]);
writeSummary(summaryFile, outcome);
const { code, text } = closing(outcome, process.env["CI"] === "true");
process.stdout.write(`\n${text}`);
process.exitCode = ended.vitest.every((run) => run.code === 0) ? code : 1;

interface Ended {
  readonly vitest: readonly VitestEnd[];
  readonly others: readonly Summary[];
}

/**
 * What waits has room beside the tests with servers. The others keep the processors busy by themselves, and what looks at the clock
 * has the machine for itself, but for Go, which takes what is left of it.
 */
async function everything(): Promise<Ended> {
  for (const missing of [await ensureChromium(), await ensurePostgres()]) {
    if (missing !== undefined) process.stdout.write(`${missing}\n`);
  }
  const units = await runVitest(["--project", "unit", "--project", "apart"], "inherit");
  const [system, waiting] = await Promise.all([
    runVitest(["--project", "system"], "inherit"),
    runVitest(["--project", "waiting"], "collect"),
  ]);
  process.stdout.write(`${waiting.output}\n`);
  const [timed, inGo] = await Promise.all([runVitest(["--project", "faults"], "inherit"), goTests()]);
  process.stdout.write(inGo.output);
  return { vitest: [units, system, waiting, timed], others: [inGo.summary] };
}
