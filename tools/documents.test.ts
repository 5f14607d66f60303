import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "./run-program.ts";

const documents = globSync(["*.md", "docs/**/*.md", "clients/*/README.md"], { cwd: repositoryRoot }).toSorted();

test.each(documents)("%s: every link to a file leads to one", (document) => {
  const text = readFileSync(join(repositoryRoot, document), "utf8").replaceAll(/^```.*?^```/gms, "");
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target.replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
  const broken = targets.filter((target) => !existsSync(join(repositoryRoot, dirname(document), target)));
  expect(broken).toEqual([]);
});

test("every decision is in the index", () => {
  const index = readFileSync(join(repositoryRoot, "docs/decisions/README.md"), "utf8");
  const pages = globSync("[0-9]*.md", { cwd: join(repositoryRoot, "docs/decisions") });
  expect(pages.filter((page) => !index.includes(`(${page})`))).toEqual([]);
});

test("docs/security.md: every row names tests that are named after it", () => {
  const rows = readFileSync(join(repositoryRoot, "docs/security.md"), "utf8").matchAll(/^\| (A\d+) \|.*$/gm);
  const unnamed = [...rows].flatMap(([row, name = ""]) => {
    const files = [...row.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file = ""]) => file);
    const named = (file: string) => new RegExp(`\\b${name}\\b`).test(readFileSync(join(repositoryRoot, file), "utf8"));
    return files.length === 0 ? [name] : files.filter((file) => !named(file)).map((file) => `${name} ${file}`);
  });
  expect(unnamed).toEqual([]);
});
