import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../run-program.ts";
import { longest } from "./longest-first.ts";

test.each(longest)("%s, which goes first, is there", (file) => {
  expect(existsSync(join(repositoryRoot, file))).toBe(true);
});
