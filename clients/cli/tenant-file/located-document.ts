import { isAlias, isMap, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import type { Path } from "./problem.ts";

/** A YAML or JSON document, and where in the file its values are. */
export interface LocatedDocument {
  readonly value: unknown;
  /** The line of a value, or of the nearest value around it that is there; from 1. */
  line(path: Path): number;
}

/** The largest file that is read, in bytes; a tenant of thousands of clients is below it. */
export const largestFile = 8 * 2 ** 20;

/**
 * Reads YAML 1.2, of which JSON is a part. Throws a sentence with the line where it is neither, where a key stands twice, and
 * where aliases would blow it up.
 */
export function readDocument(text: string): LocatedDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: "1.2", uniqueKeys: true, prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) throw new Error(`line ${lines.linePos(error.pos[0]).line}: ${error.message}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new Error(cause instanceof Error ? cause.message : "it cannot be read", { cause });
  }
  return { value, line: (path) => lines.linePos(startOf(document, path)).line };
}

/** Where the value of a path begins, or the last one on the way that there is. */
function startOf(document: Document, path: Path): number {
  let node: Node | null = document.contents;
  let start = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(step));
      if (pair === undefined) return start;
      start = (pair.key as Node).range?.[0] ?? start;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) return start;
      start = item.range?.[0] ?? start;
      node = item;
    } else return start;
  }
  return start;
}
