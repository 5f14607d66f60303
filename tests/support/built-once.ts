import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../tools/run-program.ts";

/** What an application of another language is built of. */
export interface Built {
  /** Where its sources are, and which of them decide what comes out. */
  readonly source: string;
  readonly files: readonly string[];
  /** What else does: the version of the compiler or interpreter. */
  readonly compiler: string;
}

/**
 * The folder that `build` filled, under `.cache` of the repository: once for what it is built of, and again when that has changed. What
 * was built before is removed then, and so is what a build has left that failed or was interrupted.
 */
export async function builtOnce(
  name: string,
  { source, files, compiler }: Built,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256").update(compiler);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(source, file)));
  const all = join(repositoryRoot, ".cache/interop", name);
  const folder = join(all, hash.digest("hex").slice(0, 16));
  const complete = join(folder, "complete");
  if (existsSync(complete)) return folder;
  mkdirSync(all, { recursive: true });
  for (const old of readdirSync(all)) rmSync(join(all, old), { recursive: true });
  mkdirSync(folder);
  await build(folder);
  writeFileSync(complete, "");
  return folder;
}
