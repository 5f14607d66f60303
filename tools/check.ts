import { runProgram } from "./run-program.ts";

type Command = readonly [program: string, ...args: string[]];

/** Every check that is not a test, by the name that `npm run check -- <name>` takes. */
const checks: Readonly<Record<string, readonly Command[]>> = {
  // The import rule between services is one of its rules.
  lint: [["oxlint"]],
  format: [["oxfmt", "--check"]],
  // The browser tests know the DOM, the servers do not; the web client knows nothing else.
  types: [
    ["tsc", "-p", "tsconfig.json"],
    ["tsc", "-p", "tests/tsconfig.json"],
    ["tsc", "-p", "clients/web/tsconfig.json"],
  ],
  protos: [["buf", "lint", "proto"]],
  "proto-format": [["buf", "format", "--diff", "--exit-code", "proto"]],
  breaking: [["node", "tools/check-breaking.ts"]],
  generated: [["node", "tools/check-generated.ts"]],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(checks, name));
if (unknown.length > 0) {
  process.stderr.write(`No check is called ${unknown.join(", ")}; there are ${Object.keys(checks).join(", ")}.\n`);
  process.exit(2);
}

await runProgram("node", ["tools/fetch-protos.ts"]);
for (const [name, commands] of Object.entries(checks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const results = await Promise.all(commands.map(([program, ...args]) => runProgram(program, args)));
  const failed = results.filter(({ code }) => code !== 0);
  process.stdout.write(`${failed.length === 0 ? "passed" : "FAILED"}  ${name}\n`);
  for (const { output } of failed) process.stdout.write(output);
  if (failed.length > 0) process.exitCode = 1;
}
