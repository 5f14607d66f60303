import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { mustRun, repositoryRoot } from "./run-program.ts";

/** The folders of the packages that are published, below `clients/`. */
const packedClients = ["typescript", "web"] as const;
export type PackedClient = (typeof packedClients)[number];

/**
 * Makes the package of one client as npm has it: JavaScript and declarations of the client, of `clients/core` and of the public
 * messages, README, licence, and a package.json whose exports point at them. In the repository they point at the sources, which
 * run without a build; Node reads no TypeScript below node_modules. Returns the path of the archive, in `folder`.
 */
export async function packClient(client: PackedClient, folder: string): Promise<string> {
  const source = join(repositoryRoot, "clients", client);
  const stage = mkdtempSync(join(tmpdir(), "koder-id-pack-"));
  try {
    const dist = join(stage, "dist");
    await mustRun("tsc", ["-p", join(source, "tsconfig.build.json"), "--outDir", dist]);
    nameDeclarations(dist);
    cpSync(join(source, "README.md"), join(stage, "README.md"));
    cpSync(join(repositoryRoot, "LICENSE"), join(stage, "LICENSE"));
    writeFileSync(join(stage, "package.json"), published(client, readFileSync(join(source, "package.json"), "utf8")));
    mkdirSync(folder, { recursive: true });
    const packed = await mustRun("npm", ["pack", "--offline", "--json", "--pack-destination", resolve(folder)], {
      cwd: stage,
    });
    return join(folder, archiveName(packed));
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The compiler leaves `.ts` in the declarations' imports, where only it knows what is meant. */
function nameDeclarations(dist: string): void {
  for (const path of globSync("**/*.d.ts", { cwd: dist })) {
    const file = join(dist, path);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/(from "\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'));
  }
}

/** The package.json of a package from the one in the repository. */
function published(client: PackedClient, text: string): string {
  const { private: _private, exports: _exports, ...rest } = JSON.parse(text) as Record<string, unknown>;
  const file = (path: string) => ({ types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` });
  const manifest = {
    ...rest,
    repository: {
      type: "git",
      url: "git+https://github.com/koder-id/koder-id.git",
      directory: `clients/${client}`,
    },
    exports: {
      ".": file(`clients/${client}/index`),
      "./koder/*": file("gen/ts-public/koder/*_pb"),
    },
    files: ["dist"],
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The name in what `npm pack --json` wrote, whose shape depends on npm's version: a list, or members by package. */
function archiveName(output: string): string {
  const [name] = /[\w.-]+\.tgz/.exec(output) ?? [];
  if (name === undefined) throw new Error(`npm pack named no archive:\n${output}`);
  return name;
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(repositoryRoot, ".cache/clients");
  for (const client of packedClients) process.stdout.write(`${await packClient(client, folder)}\n`);
}
