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
    ...["tools/go", "gen/go", "tests/interop/go", "tests/interop/oauth2-proxy"]
      .map((folder) => read(`${folder}/go.mod`))
      .join("\n")
      .matchAll(/^(?:require )?\s*(\S+\.\S+\/\S+) v/gm),
  ];
  const packages = [...read("tests/interop/python/requirements.txt").matchAll(/^([\w-]+)==/gm)];
  const artifacts = [...read("tests/interop/java/pom.xml").matchAll(/<artifactId>(.+)<\/artifactId>/g)];
  const inPython = packages.map(([, name = ""]) => name);
  const elsewhere = [...modules, ...artifacts].map(([, name = ""]) => name);
  const known = new Set([...Object.keys(pinned), ...elsewhere, ...inPython]);
  expect([...Object.keys(pinned), ...inPython].filter((name) => !documented.includes(name))).toEqual([]);
  expect(documented.filter((name) => !known.has(name))).toEqual([]);
});

test.each(["typescript", "web"])("the client %s is of this version, and pins what it is tested with", (client) => {
  const { version } = JSON.parse(read("package.json")) as { readonly version: string };
  const own = JSON.parse(read(`clients/${client}/package.json`)) as typeof manifest & { readonly version: string };
  expect(own.version).toBe(version);
  expect(own.dependencies).toEqual(
    Object.fromEntries(Object.keys(own.dependencies).map((name) => [name, pinned[name]])),
  );
});

test("every dependency is pinned exactly", () => {
  expect(Object.entries(pinned).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});
