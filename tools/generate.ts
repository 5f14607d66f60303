import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchProtos } from "./fetch-protos.ts";
import { compareFolders } from "./generated/compare-folders.ts";
import { isPublicFile, ownFiles } from "./protos/public-files.ts";
import { mustRun, repositoryRoot } from "./run-program.ts";

/** One thing that derives from `proto/`. */
interface Output {
  /** The folder that holds its files and nothing else. */
  readonly folder: string;
  readonly template: string;
  /** Whether it covers only what people outside may build on. */
  readonly publicOnly?: boolean;
}

/** Everything that is generated. The plug-in for OpenAPI reads gen/ts, which therefore comes first. */
export const outputs: readonly Output[] = [
  { folder: "gen/ts", template: "buf.gen.yaml" },
  { folder: "gen/ts-public", template: "buf.gen.public.yaml", publicOnly: true },
  { folder: "gen/openapi", template: "buf.gen.openapi.yaml" },
  { folder: "gen/go/koder", template: "buf.gen.go.yaml", publicOnly: true },
];

/** Generates one output below `root`, in the folder of the same name. Third-party protos must be there. */
export async function generate({ template, publicOnly }: Output, root: string): Promise<void> {
  const excluded = publicOnly === true ? ownFiles().filter((path) => !isPublicFile(path)) : [];
  const flags = excluded.flatMap((path) => ["--exclude-path", join("proto", path)]);
  await mustRun("buf", ["generate", "--template", template, "-o", root, ...flags]);
}

/** Writes only what changed, so that programs that run from the files are not disturbed. */
function bringUpToDate(folder: string, fresh: string): number {
  const differences = compareFolders(folder, fresh);
  for (const { path, kind } of differences) {
    if (kind === "left over") rmSync(join(folder, path));
    else cpSync(join(fresh, path), join(folder, path));
  }
  return differences.length;
}

if (import.meta.main) {
  fetchProtos();
  const root = mkdtempSync(join(tmpdir(), "koder-id-generate-"));
  try {
    for (const output of outputs) {
      await generate(output, root);
      const changed = bringUpToDate(join(repositoryRoot, output.folder), join(root, output.folder));
      process.stdout.write(`${output.folder}: ${changed === 0 ? "up to date" : `${changed} files changed`}\n`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
