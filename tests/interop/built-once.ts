import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../tools/run-program.ts";

/** What an application of another language is built of. */
export interface Built {
  /** Where its sources are, and which of them decide what comes out. */
  readonly source: string;
  readonly files: readonly string[];
  /** What else does: the version of the compiler. */
  readonly compiler: string;
}

/**
 * The folder that `build` filled, under `.cache` of the repository: once for what it is built of, and again when that has changed. What
 * was built before is removed then. A build that fails leaves nothing.
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
  if (existsSync(folder)) return folder;
  mkdirSync(all, { recursive: true });
  const before = readdirSync(all).filter((one) => !one.startsWith("unfinished-"));
  const unfinished = mkdtempSync(join(all, "unfinished-"));
  try {
    await build(unfinished);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    for (const old of [unfinished, ...before.map((one) => join(all, one))])
      rmSync(old, { recursive: true, force: true });
  }
  return folder;
}
