import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** How a file of one folder differs from the file of the same path in another. */
export interface Difference {
  readonly path: string;
  readonly kind: "missing" | "differs" | "left over";
}

/** Compares two folders byte by byte: `actual` is what is there, `expected` what should be. */
export function compareFolders(actual: string, expected: string): Difference[] {
  const there = filesOf(actual);
  const wanted = filesOf(expected);
  const differences: Difference[] = [];
  for (const path of wanted) {
    if (!there.has(path)) differences.push({ path, kind: "missing" });
    else if (!readFileSync(join(actual, path)).equals(readFileSync(join(expected, path))))
      differences.push({ path, kind: "differs" });
  }
  for (const path of there) if (!wanted.has(path)) differences.push({ path, kind: "left over" });
  return differences;
}

function filesOf(folder: string): Set<string> {
  return new Set(
    globSync("**/*", { cwd: folder })
      .filter((path) => statSync(join(folder, path)).isFile())
      .toSorted(),
  );
}
