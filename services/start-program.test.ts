import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

test("a joined program that was removed since it was found is done without, and the log says so", () => {
  const project = realpathSync(mkdtempSync(join(tmpdir(), "koder-id-start-")));
  onTestFinished(() => rmSync(project, { recursive: true }));
  mkdirSync(join(project, "services"));
  writeFileSync(join(project, "package.json"), `{"type":"module"}`);
  for (const name of ["start-program.ts", "joined-modules.ts", "own-modules.ts"]) {
    cpSync(join(import.meta.dirname, name), join(project, "services", name));
  }
  writeFileSync(
    join(project, "services/start.ts"),
    `export const startKoderId = async () => ({ info: ({ reason }: { reason: string }) => console.log(reason) });`,
  );
  // As it is found while another start, of a checkout that shares the packages, makes room for its own.
  const find = `
    import { mkdirSync, writeFileSync } from "node:fs";
    import { joinedIn } from "./services/joined-modules.ts";
    const { folder, index } = joinedIn();
    mkdirSync(folder, { recursive: true });
    writeFileSync(index, JSON.stringify({ program: "program-gone/start.mjs", files: [], inputs: [] }));
    await (await import("./services/start-program.ts")).startProgram({});`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", find];
  const env = { PATH: process.env["PATH"] };
  expect(execFileSync(process.execPath, args, { cwd: project, env, encoding: "utf8" }).trim()).toBe(
    "the joined modules were removed",
  );
});
