import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packClient, type PackedClient } from "../../tools/pack-clients.ts";
import { mustRun, repositoryRoot } from "../../tools/run-program.ts";

/** A project of somebody who installed a client. */
export interface Project {
  readonly folder: string;
  /** Of the unpacked package. */
  readonly package: string;
  readonly manifest: PackageJson;
  remove(): void;
}

interface PackageJson {
  readonly name: string;
  readonly license: string;
  readonly type: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, Readonly<Record<"types" | "default", string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * Packs a client as it is published, unpacks it below node_modules of a new project beside its dependencies, and copies the
 * client's examples there. `types` are the packages of types that the project has besides.
 */
export async function projectWith(client: PackedClient, types: readonly string[] = []): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-client-"));
  const archive = await packClient(client, folder);
  const unpacked = join(folder, "unpacked");
  mkdirSync(unpacked);
  await mustRun("tar", ["-xzf", archive, "-C", unpacked]);
  const manifest = JSON.parse(readFileSync(join(unpacked, "package/package.json"), "utf8")) as PackageJson;
  const home = join(folder, "node_modules", manifest.name);
  cpSync(join(unpacked, "package"), home, { recursive: true });
  for (const name of [...Object.keys(manifest.dependencies), ...types]) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(repositoryRoot, "node_modules", name), link);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  cpSync(join(repositoryRoot, "clients", client, "examples"), join(folder, "examples"), { recursive: true });
  return { folder, package: home, manifest, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Type-checks every file of a project, the declarations of its packages included; answers what the compiler says. */
export async function typeFaults({ folder }: Project, options: object): Promise<string> {
  const compilerOptions = { target: "es2023", module: "nodenext", strict: true, noEmit: true, ...options };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts", "examples"] }));
  return mustRun("tsc", ["-p", folder]).catch(String);
}
