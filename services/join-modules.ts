import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { joinedIn, projectHere, inputOf, type Index, type Input } from "./joined-modules.ts";

/** As many joined programs are kept: a server that runs may still read a part of an older one. */
const kept = 10;

/** Within what time modules are joined, in ms; it takes half a second where little else runs. */
const joinsWithin = 60_000;

/** What has a binary, and what is read with the first need of it: found by its package. The less there is to join, the sooner it is. */
const apart = [
  "@node-rs/argon2",
  "argon2",
  "bcrypt",
  "pg",
  "@simplewebauthn/server",
  "ajv/dist/2020.js",
  "liquidjs",
  "nodemailer",
  "otplib",
  "re2js",
  "uqr",
];

/** The one module that may ask where it is, and tells others where what they read is. */
const ownFiles = "services/host/own-files.ts";
const metafile = "modules.json";
const httpAsNeeded = join(import.meta.dirname, "http-as-needed.cjs");

/** What the bundler is asked for. By its own command, which takes half as long as a process of Node that loads and asks it. */
const optionsFor = (project: string, folder: string): readonly string[] => [
  "services/start.ts",
  "--bundle",
  "--splitting",
  // What no module uses is a hundredth, and to look for it takes a tenth of the time.
  "--tree-shaking=false",
  "--format=esm",
  "--platform=node",
  `--target=node${process.versions.node}`,
  `--outdir=${folder}`,
  "--out-extension:.js=.mjs",
  "--chunk-names=[name]-[hash]",
  `--metafile=${join(folder, metafile)}`,
  // As Node strips types: what is imported is read, whatever is used of it.
  `--tsconfig-raw={"compilerOptions":{"verbatimModuleSyntax":true}}`,
  ...apart.map((name) => `--external:${name}`),
  `--alias:http=${httpAsNeeded}`,
  `--alias:node:http=${httpAsNeeded}`,
  `--define:import.meta.dirname=${JSON.stringify(join(project, dirname(ownFiles)))}`,
  // Packages of CommonJS require what is of Node itself.
  `--banner:js=import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);`,
  // Names stay, so that a stack can be read; blanks and comments would stay in memory as long as the program runs.
  "--minify-whitespace",
  "--line-limit=120",
  "--legal-comments=none",
  "--log-level=error",
  "--log-limit=1",
  "--color=false",
];

/** What is read here of the bundler's account of its work (https://esbuild.github.io/api/#metafile). */
interface Account {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<
    Record<string, { readonly bytes: number; readonly exports: readonly string[]; readonly entryPoint?: string }>
  >;
}

/**
 * Joins the modules of a project's program (its `services/start.ts`) into a few files, from which the next start reads it, too.
 * Returns the program, as a URL. Rejects with an Error that says why they cannot be joined: a folder that is read-only, no
 * binary of the bundler for the machine, a module that cannot be read.
 */
export async function joinModules(project: string = projectHere): Promise<string> {
  // Rounded up: the bundler, a process of its own, reads nothing in its first millisecond.
  const began = Date.now() + 1;
  const { folder, index } = joinedIn(project);
  mkdirSync(folder, { recursive: true });
  // A name of its own: whoever runs a program may still read a part of it, and two may be joined at once.
  const place = mkdtempSync(join(folder, "program-"));
  try {
    await bundle(project, optionsFor(project, place));
    const { inputs, outputs } = JSON.parse(readFileSync(join(place, metafile), "utf8")) as Account;
    rmSync(join(place, metafile));
    const files = Object.entries(outputs).map(
      ([path, { bytes }]) => [relative(folder, join(project, path)), bytes] as const,
    );
    refuseLostNames(outputs);
    const program = join(place, "start.mjs");
    const read = inputsOf(project, inputs);
    // What was changed meanwhile may have been read as it was before: the next start joins again.
    if (read.every(([, , changed]) => changed < began))
      keep(index, { program: relative(folder, program), files, inputs: read });
    forgetOld(folder, place);
    return pathToFileURL(program).href;
  } catch (error) {
    rmSync(place, { recursive: true, force: true });
    throw error;
  }
}

function bundle(project: string, options: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  execFile(binaryOfBundler(), options, { cwd: project, timeout: joinsWithin }, (error, _output, said) =>
    error === null ? resolve() : reject(new Error(reasonIn(said) ?? error.message)),
  );
  return promise;
}

/** Its package has a binary for each kind of machine in a package of its own, of which that for this machine is installed. */
function binaryOfBundler(): string {
  const named = `@esbuild/${process.platform}-${process.arch}/${process.platform === "win32" ? "esbuild.exe" : "bin/esbuild"}`;
  return createRequire(createRequire(import.meta.url).resolve("esbuild")).resolve(named);
}

/** The place and the sentence, of what it writes about an error. */
function reasonIn(output: string): string | undefined {
  const [, sentence, place] = /\[ERROR\] (.*)\n(?:\n\s+(\S+:\d+:\d+))?/.exec(output) ?? [];
  return place === undefined ? sentence : `${place}: ${sentence}`;
}

/** A package of CommonJS that is imported later has no names then; a module of ours that imports it by name has. */
function refuseLostNames(outputs: Account["outputs"]): void {
  for (const { entryPoint, exports } of Object.values(outputs)) {
    if (entryPoint?.includes("node_modules/") === true && exports.join(" ") === "default") {
      throw new Error(`${entryPoint} is imported later: import it in a module of its own, and that one later`);
    }
  }
}

/** What was read: our modules, and what matters beside them: how they are joined, and which packages are installed. */
function inputsOf(project: string, inputs: Account["inputs"]): readonly Input[] {
  const own = Object.keys(inputs).filter((path) => !path.includes("node_modules/"));
  const how = [relative(project, import.meta.filename), "package.json", "node_modules/.package-lock.json"];
  return [
    ...how.map((path) => inputOf(project, path, readFileSync(join(project, path)))),
    ...own.map((path) => {
      const text = readFileSync(join(project, path));
      if (path !== ownFiles && text.includes("import.meta.dirname")) {
        throw new Error(`${path} uses import.meta.dirname, of which only ${ownFiles} is told`);
      }
      return inputOf(project, path, text);
    }),
  ];
}

function keep(index: string, made: Index): void {
  const written = `${index}.${process.pid}`;
  writeFileSync(written, JSON.stringify(made));
  renameSync(written, index);
}

function forgetOld(folder: string, place: string): void {
  const others = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .filter((other) => other !== place);
  const newestFirst = others.toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const old of newestFirst.slice(kept - 1)) rmSync(old, { recursive: true, force: true });
}
