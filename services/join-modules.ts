import { createHash, hash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";
import { joinedIn, type Index, type Input } from "./joined-modules.ts";

// node services/join-modules.ts PROJECT: joins the modules of a program into a few files. `joined-modules.ts` runs it.

const began = Date.now();
const [project = join(import.meta.dirname, "..")] = process.argv.slice(2);
const { folder: joined, index: indexFile } = joinedIn(project);
/** As deep as what is made ends up, so that its maps find the sources. */
const place = join(joined, "unnamed");

/** What matters beside the modules: how they are joined, and which packages are installed. */
const alsoRead = [relative(project, import.meta.filename), "package.json", "node_modules/.package-lock.json"];

/** As many joined programs are kept: a server that runs may still read a part of an older one. */
const kept = 10;

/**
 * What is read beside a module is beside it, not beside the file that it ends up in. Templates, texts and images are found by
 * `import.meta.dirname`; packages by `import.meta.url`, which are the same from the cache's folder.
 */
const filesBeside: Plugin = {
  name: "files-beside",
  setup(joining) {
    joining.onLoad({ filter: /[\\/]services[\\/].*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8");
      return contents.includes("import.meta.dirname")
        ? { contents: contents.replaceAll("import.meta.dirname", JSON.stringify(dirname(path))), loader: "ts" }
        : undefined;
    });
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

const { outputFiles, metafile } = await build({
  absWorkingDir: project,
  entryPoints: ["services/start.ts"],
  outdir: place,
  outExtension: { ".js": ".mjs" },
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: `node${process.versions.node}`,
  // As Node strips types: what is imported is read, whatever is used of it.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  // What has a binary is found by its package.
  external: ["@node-rs/argon2", "argon2", "bcrypt", "pg-native"],
  // Packages of CommonJS require what is of Node itself.
  banner: {
    js: `import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);`,
  },
  // Names stay, so that a stack can be read; blanks and comments would stay in memory as long as the program runs.
  minifyWhitespace: true,
  lineLimit: 120,
  legalComments: "none",
  sourcemap: "linked",
  sourcesContent: false,
  plugins: [filesBeside, httpAsNeeded],
  metafile: true,
  write: false,
  logLevel: "silent",
});

// A package of CommonJS that is imported later has no names then; a module of ours that imports it by name has.
for (const { entryPoint, exports } of Object.values(metafile.outputs)) {
  if (entryPoint?.includes("node_modules/") === true && exports.join(" ") === "default") {
    throw new Error(`${entryPoint} is imported later: import it in a module of its own, and that one later`);
  }
}

const contents = createHash("sha256");
for (const { path, hash: part } of outputFiles) contents.update(`${relative(place, path)} ${part}\n`);
const name = contents.digest("hex").slice(0, 16);

const folder = join(joined, name);
const unfinished = join(joined, `${name}.${process.pid}`);
mkdirSync(unfinished, { recursive: true });
for (const { path, contents: bytes } of outputFiles) writeFileSync(join(unfinished, relative(place, path)), bytes);
try {
  renameSync(unfinished, folder);
} catch {
  // It was made before, or another process is as far.
  rmSync(unfinished, { recursive: true });
  utimesSync(folder, new Date(), new Date());
}

const own = Object.keys(metafile.inputs).filter(
  (path) => !path.includes("node_modules/") && !path.startsWith("as-needed:"),
);
const index: Index = { program: `${name}/start.mjs`, inputs: [...alsoRead, ...own].map(inputOf) };
writeFileSync(`${indexFile}.${process.pid}`, JSON.stringify(index));
renameSync(`${indexFile}.${process.pid}`, indexFile);
forgetOld();

function inputOf(path: string): Input {
  const { size, mtimeMs } = statSync(join(project, path));
  // What was read of it may be what it was before.
  if (mtimeMs >= began) throw new Error(`${path} was changed while it was read`);
  return [path, size, mtimeMs, hash("sha256", readFileSync(join(project, path)))];
}

function forgetOld(): void {
  const folders = readdirSync(joined, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== name)
    .map((entry) => join(joined, entry.name));
  const newestFirst = folders.toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const old of newestFirst.slice(kept - 1)) rmSync(old, { recursive: true, force: true });
}
