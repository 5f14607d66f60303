import { cpus } from "node:os";
import { joinModules } from "../services/join-modules.ts";
import { joinedProgram } from "../services/joined-modules.ts";
import { parts } from "./parts/parts.ts";
import { keepReport } from "./report.ts";

// npm run bench [-- <part>…] [--quick]: all parts, or those that are named. Writes bench/results/<part>.json and, unless it is
// quick, the part's tables in docs/performance.md.

const args = process.argv.slice(2);
const quick = args.includes("--quick");
const named = args.filter((argument) => argument !== "--quick");
const unknown = named.find((name) => !parts.some((part) => part.name === name));
if (unknown !== undefined) {
  process.stderr.write(`${unknown} is no part; there are ${parts.map(({ name }) => name).join(", ")}, and --quick\n`);
  process.exit(2);
}

const machine = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, Node ${process.version}`;
// As any start after the first one finds them.
if (joinedProgram() === undefined) await joinModules();
for (const { name, run } of parts) {
  if (named.length > 0 && !named.includes(name)) continue;
  const began = performance.now();
  process.stdout.write(`— ${name}\n`);
  const { figures, markdown } = await run({ quick });
  keepReport({ name, machine, figures, markdown }, { quick });
  process.stdout.write(`\n${markdown}\n— ${name}: ${((performance.now() - began) / 1000).toFixed(0)} s\n\n`);
}
