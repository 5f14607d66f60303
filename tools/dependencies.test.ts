import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "./run-program.ts";

const read = (path: string): string => readFileSync(join(repositoryRoot, path), "utf8");

const manifest = JSON.parse(read("package.json")) as Record<
  "dependencies" | "devDependencies" | "optionalDependencies",
  Record<string, string>
>;
const pinned = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
const documented = [...read("docs/dependencies.md").matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell = ""]) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
);

test("every dependency says what it is for, and nothing else is listed", () => {
  const modules = [
    ...`${read("tools/go/go.mod")}\n${read("gen/go/go.mod")}`.matchAll(/^(?:require )?\s*(\S+\.\S+\/\S+) v/gm),
  ];
  const known = new Set([...Object.keys(pinned), ...modules.map(([, name = ""]) => name)]);
  expect(Object.keys(pinned).filter((name) => !documented.includes(name))).toEqual([]);
  expect(documented.filter((name) => !known.has(name))).toEqual([]);
});

test("every dependency is pinned exactly", () => {
  expect(Object.entries(pinned).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});
