import { devNull } from "node:os";
import { join } from "node:path";
import { repositoryRoot, runProgram } from "../run-program.ts";
import type { Failure, Summary } from "./summary.ts";

/** The Go modules that others build on, what is generated and the client on top of it, and the program of an interop test. */
const modules = ["gen/go", "clients/go", "tests/interop/go"];

/**
 * Builds, vets and tests the Go modules; each step of each counts as one test. Answers what there is to say of them, too. Whatever
 * runs beside it goes first.
 */
export async function goTests(): Promise<{ readonly summary: Summary; readonly output: string }> {
  const { code } = await runProgram("go", ["version"]);
  const steps = await stepsOf(code === 0);
  if (code !== 0) {
    const reason = "Go is not installed (https://go.dev/doc/install)";
    const notRun = modules.flatMap((module) => steps.map(([step]) => ({ what: `${module}: go ${step}`, reason })));
    return { summary: { passed: 0, failures: [], notRun }, output: "" };
  }
  let passed = 0;
  const failures: Failure[] = [];
  let output = "";
  for (const module of modules) {
    for (const step of steps) {
      const result = await runProgram("go", step, { cwd: join(repositoryRoot, module), yields: true });
      const what = `${module}: go ${step.join(" ")}`;
      output += `${result.code === 0 ? "passed" : "FAILED"}  ${what}\n`;
      if (result.code === 0) {
        passed += 1;
      } else {
        output += result.output;
        failures.push({ what, error: result.output });
      }
    }
  }
  return { summary: { passed, failures, notRun: [] }, output };
}

/** The race detector is linked by a C compiler, which Go itself does not need: it is used where there is one. */
async function stepsOf(goIsThere: boolean): Promise<(readonly [step: string, ...args: string[]])[]> {
  const races = goIsThere && (await runProgram("go", ["env", "CGO_ENABLED"])).output.trim() === "1";
  return [
    // A module of one program would leave it in its folder.
    ["build", "-o", devNull, "./..."],
    ["vet", "./..."],
    ["test", ...(races ? ["-race"] : []), "./..."],
  ];
}
