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
