import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

/** The folder of this project. */
export const projectHere = join(import.meta.dirname, "..");

/** Where a project's joined programs are, and what says which of them is the one of its modules. */
export function joinedIn(project: string = projectHere): { readonly folder: string; readonly index: string } {
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
  /** All of its files, in the cache's folder, and their sizes in bytes: a machine that lost power may have lost a part of them. */
  readonly files: readonly (readonly [path: string, size: number])[];
  readonly inputs: readonly Input[];
}

/** Within what time modules are joined, in ms; it takes a second or two where little else runs. */
const joinsWithin = 60_000;

/**
 * The program of a project (its `services/start.ts`) as a few files instead of 1,300; undefined where nobody has joined its modules
 * as they are now. A module costs memory beyond its code for as long as a process runs, and time at its start: joined, a
 * server needs a fifth less of both. Nobody builds anything: like compiled code, what comes of it is kept in `node_modules/.cache`, and a
 * start that does not find it makes it. The answer is a URL.
 */
export function joinedProgram(project: string = projectHere): string | undefined {
  try {
    const { folder, index } = joinedIn(project);
    const { program, files, inputs } = JSON.parse(readFileSync(index, "utf8")) as Index;
    const isWhole = files.every(([path, size]) => statSync(join(folder, path)).size === size);
    const isOfNow = inputs.every((input) => isUnchanged(project, input));
    return isWhole && isOfNow ? pathToFileURL(join(folder, program)).href : undefined;
  } catch {
    return undefined; // never made, or a file is gone
  }
}

/** What comes of joining. */
export interface Joining {
  /** The program, as a URL; undefined where it cannot be joined. */
  readonly program: string | undefined;
  /**
   * Resolves when the next start will find it. Rejects with an Error that says why it will not: a folder that is read-only, no binary of
   * the bundler for the machine, a module that cannot be read. Whoever does not look at it misses nothing.
   */
  readonly kept: Promise<void>;
}

/** Joins them. */
export async function joinModules(project: string = projectHere): Promise<Joining> {
  // In a process of its own: a server keeps nothing of the bundler.
  const args = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "join-modules.ts"), project];
  const joining = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], timeout: joinsWithin });
  const kept = Promise.all([once(joining, "close"), text(joining.stderr)]).then(([[code], said]) => {
    if (code !== 0) throw new Error(reasonIn(said));
  });
  kept.catch(() => undefined);
  const made = await firstLine(joining.stdout);
  return { program: made === "" ? undefined : pathToFileURL(join(joinedIn(project).folder, made)).href, kept };
}

async function firstLine(output: Readable): Promise<string> {
  for await (const line of createInterface({ input: output })) return line;
  return "";
}

/** The error that ended it, in what Node writes: a line, and the one that a colon leads to. */
const reasonIn = (output: string): string =>
  /^\w*Error\b.*(?:(?<=:)\n.*)?/m.exec(output)?.[0] ?? "the modules could not be joined";

/** A copy of the project has the same files at other times. */
function isUnchanged(project: string, [path, size, mtimeMs, sha256]: Input): boolean {
  const file = join(project, path);
  const now = statSync(file);
  return now.size === size && (now.mtimeMs === mtimeMs || hash("sha256", readFileSync(file)) === sha256);
}
