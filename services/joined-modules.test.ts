import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { joinModules } from "./join-modules.ts";
import { joinedIn, joinedProgram } from "./joined-modules.ts";

let folder: string;
let project: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "koder-id-joined-")));
  project = join(folder, "project");
  write("package.json", `{"imports":{"#gen/*":"./gen/*"}}`);
  write("node_modules/.package-lock.json", "{}");
  write("node_modules/required/package.json", `{"main":"index.js"}`);
  write("node_modules/required/index.js", `exports.joined = require("node:path").join("a", "b");`);
  write("services/texts/greeting.txt", "hello");
  write("gen/names.ts", `export const name: string = "world";`);
  write("services/later.ts", `import required from "required"; export const later = required.joined;`);
  write("services/host/own-files.ts", "export const ownFile = (path: string) => `${import.meta.dirname}/../${path}`;");
  write(
    "services/texts.ts",
    `import { readFileSync } from "node:fs";
     import { ownFile } from "./host/own-files.ts";
     export const greeting = readFileSync(ownFile("texts/greeting.txt"), "utf8");`,
  );
  write(
    "services/start.ts",
    `import { greeting } from "./texts.ts";
     import { name } from "#gen/names.ts";
     export const fail = () => {
       throw new Error("as asked");
     };
     export const said = [greeting, name, (await import("./later.ts")).later].join(" ");`,
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}

/** What the program says that a start of the project runs. */
function said(program: string | undefined): string {
  const code = `console.log((await import(process.argv[1])).said)`;
  return execFileSync(process.execPath, ["--input-type=module", "--eval", code, program ?? ""], {
    encoding: "utf8",
  }).trim();
}
/** The program of what the modules are now, joined if they were not. */
const joined = async (): Promise<string> => joinedProgram(project) ?? (await joinModules(project));
const programs = (): readonly string[] =>
  readdirSync(joinedIn(project).folder).filter((name) => !name.endsWith(".json"));

test("a program is joined once, finds what is beside its modules, and is joined anew after a change", async () => {
  const program = await joined();
  expect(said(program)).toBe("hello world a/b");

  // Nothing is joined for modules that are the same, at whatever time they were written.
  utimesSync(join(project, "gen/names.ts"), 1, 1);
  rmSync(join(project, "node_modules/required"), { recursive: true });
  expect(joinedProgram(project)).toBe(program);

  // Who writes a file can set its time, as archives do, but not the one that the file system keeps.
  write("gen/names.ts", `export const name: string = "whole";`);
  utimesSync(join(project, "gen/names.ts"), 1, 1);
  expect(joinedProgram(project)).toBeUndefined();

  write("node_modules/required/index.js", `exports.joined = "c";`);
  write("gen/names.ts", `export const name = "there";`);
  expect(joinedProgram(project)).toBeUndefined();
  const changed = await joined();
  expect(changed).not.toBe(program);
  expect(said(changed)).toBe("hello there c");
  // Whoever still runs the one before may read a part of it later.
  expect(said(program)).toBe("hello world a/b");
});

test("other packages, and a copy in another folder, are other programs", async () => {
  const program = await joined();
  write("node_modules/required/index.js", `exports.joined = "d";`);
  write("node_modules/.package-lock.json", `{"packages":{}}`);
  expect(said(await joined())).toBe("hello world d");

  const first = project;
  project = join(folder, "copy");
  cpSync(first, project, { recursive: true });
  write("services/texts/greeting.txt", "goodbye");
  expect(said(await joined())).toBe("goodbye world d");
  expect(said(program)).toBe("hello world a/b");
});

test("a stack names functions", async () => {
  const program = await joined();
  const code = `try { (await import(process.argv[1])).fail(); } catch ({ stack }) { console.log(stack.split("\\n")[1].trim()); }`;
  const stack = execFileSync(process.execPath, ["--input-type=module", "--eval", code, program], { encoding: "utf8" });
  expect(stack).toMatch(/^at Module\.fail \(file:.*\/start\.mjs:/);
});

test("one that was lost in part is made again", async () => {
  const program = await joined();
  for (const name of readdirSync(dirname(fileURLToPath(program)))) writeFileSync(new URL(name, program), "");
  expect(joinedProgram(project)).toBeUndefined();
  const again = await joined();
  expect(again).not.toBe(program);
  expect(said(again)).toBe("hello world a/b");
});

test("ten are kept", async () => {
  for (let number = 0; number < 12; number++) {
    write("gen/names.ts", `export const name = "number ${number}";`);
    expect(said(await joined())).toBe(`hello number ${number} a/b`);
  }
  expect(programs()).toHaveLength(10);
});

test("what cannot be joined is said, and nothing is left of it", async () => {
  write("services/later.ts", "export const later = ;");
  await expect(joinModules(project)).rejects.toThrow('services/later.ts:1:21: Unexpected ";"');

  write("services/later.ts", `export const { joined: later } = await import("required");`);
  await expect(joinModules(project)).rejects.toThrow("required/index.js is imported later");

  write("services/later.ts", "export const later = import.meta.dirname;");
  await expect(joinModules(project)).rejects.toThrow("services/later.ts uses import.meta.dirname");
  expect(programs()).toEqual([]);

  write("services/later.ts", "export const later = 1;");
  rmSync(join(project, "node_modules/.cache"), { recursive: true });
  write("node_modules/.cache", "no folder");
  await expect(joinModules(project)).rejects.toThrow("ENOTDIR");
});

test("a module that is changed while it is read is joined again by the next start", async () => {
  const path = join(project, "services/later.ts");
  rmSync(path);
  execFileSync("mkfifo", [path]);
  const joining = joinModules(project);
  // Opens once the bundler has it open, which reads it to its end.
  const asItWas = await open(path, "w");
  write("services/changed.ts", `export const later = "changed";`);
  renameSync(join(project, "services/changed.ts"), path);
  await asItWas.write(`export const later = "as it was";`);
  await asItWas.close();

  expect(said(await joining)).toBe("hello world as it was");
  expect(joinedProgram(project)).toBeUndefined();
  expect(said(await joined())).toBe("hello world changed");
});

test("the server's own program is joined", async () => {
  const program = joinedProgram() ?? (await joinModules());
  const code = `console.log(typeof (await import(process.argv[1])).startKoderId)`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", code, program]);
  expect(output.toString().trim()).toBe("function");
});
