import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mustRun, repositoryRoot, runProgram, type ProgramResult } from "./run-program.ts";

let root: string;

async function git(...args: string[]): Promise<void> {
  const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
  await mustRun("git", [...identity, ...args], { cwd: root });
}

function edit(path: string, from: string, to: string): void {
  const file = join(root, path);
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  writeFileSync(file, text.replace(from, to));
}

function check(): Promise<ProgramResult> {
  return runProgram("node", ["tools/check-breaking.ts"], { cwd: root });
}

// A repository of its own, with the protos and the tool of this one.
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "koder-id-check-breaking-"));
  for (const path of ["proto", "tools", "buf.yaml", "package.json", ".gitignore"])
    cpSync(join(repositoryRoot, path), join(root, path), { recursive: true });
  symlinkSync(join(repositoryRoot, "node_modules"), join(root, "node_modules"));
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "proto", "buf.yaml");
  await git("commit", "--quiet", "-m", "protos");
});
afterEach(() => rmSync(root, { recursive: true }));

const stored = "proto/koder/oauth/store/v1/client.proto";
const wire = "proto/koder/identity/v1/user.proto";

test("without an earlier commit it says so and passes", async () => {
  const { code, output } = await check();
  expect(output).toContain("No earlier commit has protos");
  expect(code).toBe(0);
});

test("what is stored must not break, committed or not", async () => {
  edit(stored, "int64 epoch = 13;", "int32 epoch = 13;");
  const before = await check();
  expect(before.code, before.output).toBe(1);
  expect(before.output).toContain('Field "13" with name "epoch"');
  await git("commit", "--quiet", "--all", "-m", "break");
  expect((await check()).code).toBe(1);
});

test("a stored file must not go away", async () => {
  rmSync(join(root, "proto/koder/session/store/v1/epoch.proto"));
  const { code, output } = await check();
  expect(code).toBe(1);
  expect(output).toContain("epoch.proto");
});

test("what is stored may grow", async () => {
  edit(stored, "int64 epoch = 13;", "int64 epoch = 13;\n  // More.\n  string more = 99;");
  const { code, output } = await check();
  expect(code, output).toBe(0);
});

test("the rest of the contract may change until the first release, and not after it", async () => {
  edit(wire, "string nickname = 24", "string nick = 24");
  expect((await check()).code).toBe(0);
  await git("checkout", "--quiet", "--", "proto");
  await git("tag", "v0.1.0");
  edit(wire, "string nickname = 24", "string nick = 24");
  const { code, output } = await check();
  expect(code).toBe(1);
  expect(output).toContain("Against v0.1.0, the whole contract");
});
