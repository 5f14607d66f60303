import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The folder of this project. */
export const projectHere = join(import.meta.dirname, "..");

/** Where a project's joined programs are, and what says which of them is the one of its modules. */
export function joinedIn(project: string = projectHere): { readonly folder: string; readonly index: string } {
  const folder = join(project, "node_modules/.cache/koder-id-joined");
  // Checkouts that share their packages have one index each.
  return { folder, index: join(folder, `${hash("sha256", project).slice(0, 16)}.json`) };
}

/**
 * Of what a program was joined: a path in the project, its size in bytes, when it was changed last in ms (as the file system says, not
 * who wrote it: archives set the times of files), and its SHA-256 in hexadecimal.
 */
export type Input = readonly [path: string, size: number, ctimeMs: number, sha256: string];

/** A file as it is now, of which this is the text. */
export function inputOf(project: string, path: string, text: Buffer): Input {
  const { size, ctimeMs } = statSync(join(project, path));
  return [path, size, ctimeMs, hash("sha256", text)];
}

/** What the cache has for this folder: joined modules read templates and texts by their whole path. */
export interface Index {
  /** The module to start from, in the cache's folder. */
  readonly program: string;
  /** All of its files, in the cache's folder, and their sizes in bytes: a machine that lost power may have lost a part of them. */
  readonly files: readonly (readonly [path: string, size: number])[];
  readonly inputs: readonly Input[];
}

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

/** An image that was copied has the same files, changed at other times. */
function isUnchanged(project: string, [path, size, ctimeMs, sha256]: Input): boolean {
  const file = join(project, path);
  const now = statSync(file);
  return now.size === size && (now.ctimeMs === ctimeMs || hash("sha256", readFileSync(file)) === sha256);
}
