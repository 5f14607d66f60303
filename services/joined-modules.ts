import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Where a project's joined programs are, and what says which of them is the one of its modules. */
export function joinedIn(project: string): { readonly folder: string; readonly index: string } {
  const folder = join(project, "node_modules/.cache/koder-id-joined");
  // Checkouts that share their packages have one index each.
  return { folder, index: join(folder, `${hash("sha256", project).slice(0, 16)}.json`) };
}

/** Of what a program was joined: a path in the project, its size in bytes, its time in ms, and its SHA-256 in hexadecimal. */
export type Input = readonly [path: string, size: number, mtimeMs: number, sha256: string];

/** What the cache has for this folder: joined modules read templates and texts by their whole path. */
export interface Index {
  /** The module to start from, in the cache's folder. */
  readonly program: string;
  readonly inputs: readonly Input[];
}

/** Within what time modules are joined, in ms; it takes less than one second where nothing else runs. */
const joinsWithin = 60_000;

export interface JoinedModules {
  /** The module to start from, as a URL. */
  readonly program?: string;
  /** Why there is none. */
  readonly unjoined?: string;
}

/**
 * The program of a project (its `services/start.ts`) as a few files instead of 1,300. A module costs memory beyond its code for as
 * long as a process runs, and time at its start: joined, a server needs a fifth less of the one and a third less of the other.
 * Nobody builds anything: like compiled code, this is kept in `node_modules/.cache`, and is made by the first start that finds it
 * missing or other than the modules. Where that cannot be (a folder that is read-only, no binary of the bundler for the machine),
 * the modules are to be read one by one.
 */
export function joinedModules(project: string = join(import.meta.dirname, "..")): JoinedModules {
  const known = freshProgram(project);
  if (known !== undefined) return { program: known };
  // In a process of its own: a server keeps nothing of the bundler.
  const args = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "join-modules.ts"), project];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: joinsWithin });
  const program = status === 0 ? freshProgram(project) : undefined;
  return program === undefined ? { unjoined: reasonIn(stderr) } : { program };
}

/** The joined program, as a URL, when every file that it was made of is as it was then. */
function freshProgram(project: string): string | undefined {
  try {
    const { folder, index } = joinedIn(project);
    const { program, inputs } = JSON.parse(readFileSync(index, "utf8")) as Index;
    if (!inputs.every((input) => isUnchanged(project, input))) return undefined;
    const file = join(folder, program);
    statSync(file);
    return pathToFileURL(file).href;
  } catch {
    return undefined; // never made, or a file is gone
  }
}

/** A copy of the project has the same files at other times. */
function isUnchanged(project: string, [path, size, mtimeMs, sha256]: Input): boolean {
  const file = join(project, path);
  const now = statSync(file);
  return now.size === size && (now.mtimeMs === mtimeMs || hash("sha256", readFileSync(file)) === sha256);
}

/** The error that ended it, in what Node writes: a line, and the one that a colon leads to. */
const reasonIn = (output: string | null): string =>
  /^\w*Error\b.*(?:(?<=:)\n.*)?/m.exec(output ?? "")?.[0] ?? "the modules could not be joined";
