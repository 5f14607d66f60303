import { createHash, hash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type BuildOptions, type OutputFile, type Plugin } from "esbuild";
import { joinedIn, projectHere, type Index, type Input } from "./joined-modules.ts";

// node services/join-modules.ts PROJECT: joins the modules of its program into a few files, says which of them to start from, and keeps
// of what they were made. `joined-modules.ts` runs it.

/** As many joined programs are kept: a server that runs may still read a part of an older one. */
const kept = 10;

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

/**
 * What is read beside a module is beside it, not beside the file that it ends up in: templates, texts and lists, which these modules
 * find by `import.meta.dirname`. Every file that the bundler asks about takes time.
 */
const filesBeside: Plugin = {
  name: "files-beside",
  setup(joining) {
    joining.onLoad(
      { filter: /[\\/](?:assets|common-passwords|mail-texts|render|render-mail|texts)\.ts$/ },
      ({ path }) => ({
        contents: readFileSync(path, "utf8").replaceAll("import.meta.dirname", JSON.stringify(dirname(path))),
        loader: "ts",
      }),
    );
  },
};

/**
 * To import `node:http` reads all that it exports at once, also what Node itself loads when it is first asked for: its client of
 * WebSockets, which was a tenth of a start.
 */
const httpAsNeeded: Plugin = {
  name: "http-as-needed",
  setup(joining) {
    joining.onResolve({ filter: /^(?:node:)?http$/ }, ({ kind }) =>
      kind === "import-statement" ? { path: "node:http", namespace: "as-needed" } : undefined,
    );
    joining.onLoad({ filter: /./, namespace: "as-needed" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const options = {
  entryPoints: ["services/start.ts"],
  outExtension: { ".js": ".mjs" },
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: `node${process.versions.node}`,
  // As Node strips types: what is imported is read, whatever is used of it.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  external: apart,
  // Packages of CommonJS require what is of Node itself.
  banner: {
    js: `import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);`,
  },
  // Names stay, so that a stack can be read; blanks and comments would stay in memory as long as the program runs.
  minifyWhitespace: true,
  lineLimit: 120,
  legalComments: "none",
  plugins: [filesBeside, httpAsNeeded],
  metafile: true,
  write: false,
  logLevel: "silent",
} as const satisfies BuildOptions;

const began = Date.now();
const [project = projectHere] = process.argv.slice(2);
const { folder, index } = joinedIn(project);
const { outputFiles, metafile } = await build({ ...options, absWorkingDir: project, outdir: folder });
const lost = outputFiles.find(({ text }) => text.includes("import.meta.dirname"));
if (lost !== undefined)
  throw new Error(`import.meta.dirname is used by a module of ${lost.path} that files-beside does not name`);
// A package of CommonJS that is imported later has no names then; a module of ours that imports it by name has.
for (const { entryPoint, exports } of Object.values(metafile.outputs)) {
  if (entryPoint?.includes("node_modules/") === true && exports.join(" ") === "default") {
    throw new Error(`${entryPoint} is imported later: import it in a module of its own, and that one later`);
  }
}
const name = keep(outputFiles);
// Whoever waits for the program needs no more.
process.stdout.write(`${name}/start.mjs\n`);

const own = Object.keys(metafile.inputs).filter((path) => !/^as-needed:|node_modules\//.test(path));
// What matters beside the modules: how they are joined, and which packages are installed.
const how = [relative(project, import.meta.filename), "package.json", "node_modules/.package-lock.json"];
const inputs = [...how, ...own].map(inputOf);
const parts = outputFiles.map(
  ({ path, contents }) => [`${name}/${relative(folder, path)}`, contents.byteLength] as const,
);
const written = `${index}.${process.pid}`;
writeFileSync(written, JSON.stringify({ program: `${name}/start.mjs`, files: parts, inputs } satisfies Index));
renameSync(written, index);
forgetOld();

/** Writes the files into a folder that is named by what is in them. Whoever finds it finds all of them. */
function keep(files: readonly OutputFile[]): string {
  const contents = createHash("sha256");
  for (const { path, hash: part } of files) contents.update(`${relative(folder, path)} ${part}\n`);
  const named = contents.digest("hex").slice(0, 16);
  const place = join(folder, named);
  const unfinished = `${place}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  for (const { path, contents: bytes } of files) writeFileSync(join(unfinished, relative(folder, path)), bytes);
  try {
    renameSync(unfinished, place);
  } catch {
    // It was made before, perhaps not to its end, or another process is as far: what is in it is the same.
    for (const file of readdirSync(unfinished)) renameSync(join(unfinished, file), join(place, file));
    rmSync(unfinished, { recursive: true });
    utimesSync(place, new Date(), new Date());
  }
  return named;
}

function inputOf(path: string): Input {
  const { size, mtimeMs } = statSync(join(project, path));
  // What was read of it may be what it was before.
  if (mtimeMs >= began) throw new Error(`${path} was changed while it was read`);
  return [path, size, mtimeMs, hash("sha256", readFileSync(join(project, path)))];
}

function forgetOld(): void {
  const others = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== name)
    .map((entry) => join(folder, entry.name));
  const newestFirst = others.toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const old of newestFirst.slice(kept - 1)) rmSync(old, { recursive: true, force: true });
}
