import { globSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchProtos } from "./fetch-protos.ts";
import { mustRun, repositoryRoot, runProgram } from "./run-program.ts";

// Compares the protos with earlier ones. What is stored outlives code, so store.v1 and the events are compared with the
// last commit that had protos; the whole contract is compared with the first release tag from then on.

/** A commit to compare with, and the packages that must not break, as folders below proto/. */
interface Comparison {
  readonly reference: string;
  readonly packages: readonly string[];
  /** What they are, in words. */
  readonly what: string;
}

/** Trimmed output of a git command, or undefined when it fails. */
async function git(...args: string[]): Promise<string | undefined> {
  const { code, output } = await runProgram("git", args);
  return code === 0 ? output.trim() : undefined;
}

/**
 * The commit before the one that is checked: HEAD while proto/ has changes that are not committed, where main went
 * another way the merge base, else the parent. Undefined when it has no protos or does not exist.
 */
async function earlierCommit(): Promise<string | undefined> {
  const changed = (await git("status", "--porcelain", "--", "proto")) !== "";
  const base = await git("merge-base", "HEAD", "origin/main");
  const head = await git("rev-parse", "--verify", "--quiet", "HEAD");
  const candidate = changed ? "HEAD" : base !== undefined && base !== head ? base : "HEAD~1";
  const commit = await git("rev-parse", "--verify", "--quiet", `${candidate}^{commit}`);
  if (commit === undefined) return undefined;
  const protos = await git("ls-tree", "--name-only", commit, "proto/");
  return protos === undefined || protos === "" ? undefined : commit;
}

/** The first release: its tag is the promise that v1 does not break any more. */
async function firstRelease(): Promise<string | undefined> {
  const tags = await git("tag", "--list", "v*", "--merged", "HEAD", "--sort=creatordate");
  return tags === undefined || tags === "" ? undefined : tags.split("\n")[0];
}

/** The differences that break, in words; empty when nothing does. Third-party files are this checkout's for both. */
async function breaks({ reference, packages }: Comparison): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-breaking-"));
  try {
    await mustRun("git", ["archive", "--output", join(folder, "protos.tar"), reference, "proto", "buf.yaml"]);
    await mustRun("tar", ["-x", "-f", "protos.tar"], { cwd: folder });
    symlinkSync(join(repositoryRoot, "third_party"), join(folder, "third_party"));
    const paths = globSync(
      packages.map((path) => join("proto", path)),
      { cwd: folder },
    );
    const only = paths.flatMap((path) => ["--path", path]);
    await mustRun("buf", ["build", "proto", "-o", "before.binpb", ...only], { cwd: folder });
    const { code, output } = await runProgram("buf", ["breaking", "proto", "--against", join(folder, "before.binpb")]);
    return code === 0 ? "" : output;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

fetchProtos();
const earlier = process.argv[2] ?? (await earlierCommit());
const release = await firstRelease();
const comparisons: Comparison[] = [];
if (earlier === undefined) process.stdout.write("No earlier commit has protos: nothing that is stored can break.\n");
else
  comparisons.push({
    reference: earlier,
    packages: ["koder/*/store/v1", "koder/events/v1"],
    what: "what is stored, and the events",
  });
if (release !== undefined) comparisons.push({ reference: release, packages: ["koder"], what: "the whole contract" });

for (const comparison of comparisons) {
  const output = await breaks(comparison);
  if (output !== "") process.exitCode = 1;
  process.stdout.write(
    `Against ${comparison.reference}, ${comparison.what}: ${output === "" ? "nothing breaks" : `\n${output}`}\n`,
  );
}
