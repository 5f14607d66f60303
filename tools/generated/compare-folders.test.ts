import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compareFolders } from "./compare-folders.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "koder-id-compare-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function folder(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, name, path, ".."), { recursive: true });
    writeFileSync(join(root, name, path), text);
  }
  return join(root, name);
}

test("equal folders have no differences", () => {
  const files = { "a/one.ts": "1", "two.ts": "2" };
  expect(compareFolders(folder("actual", files), folder("expected", files))).toEqual([]);
});

test("a stale, a missing and a left-over file are told apart", () => {
  const actual = folder("actual", { "a/stale.ts": "old", "left.ts": "x" });
  const expected = folder("expected", { "a/stale.ts": "new", "a/new.ts": "y" });
  expect(compareFolders(actual, expected)).toEqual([
    { path: "a/new.ts", kind: "missing" },
    { path: "a/stale.ts", kind: "differs" },
    { path: "left.ts", kind: "left over" },
  ]);
});

test("a folder that is not there has every file missing", () => {
  const expected = folder("expected", { "a.ts": "" });
  expect(compareFolders(join(root, "nowhere"), expected)).toEqual([{ path: "a.ts", kind: "missing" }]);
});
