import { join } from "node:path";
import { repositoryRoot, runProgram } from "../run-program.ts";
import type { Summary } from "./summary.ts";

const steps = [
  ["build", "./..."],
  ["vet", "./..."],
  ["test", "./..."],
] as const;

/** Builds, vets and tests the generated Go module; each step counts as one test. */
export async function goTests(): Promise<Summary> {
  const { code } = await runProgram("go", ["version"]);
  if (code !== 0) {
    const reason = "Go is not installed (https://go.dev/doc/install)";
    return { passed: 0, failed: 0, notRun: steps.map(([step]) => ({ what: `gen/go: go ${step}`, reason })) };
  }
  let passed = 0;
  let failed = 0;
  for (const step of steps) {
    const result = await runProgram("go", step, { cwd: join(repositoryRoot, "gen/go") });
    if (result.code === 0) passed += 1;
    else failed += 1;
    process.stdout.write(`${result.code === 0 ? "passed" : "FAILED"}  gen/go: go ${step.join(" ")}\n`);
    if (result.code !== 0) process.stdout.write(result.output);
  }
  return { passed, failed, notRun: [] };
}
