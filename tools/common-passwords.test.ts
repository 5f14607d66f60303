import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commonPasswordsFile } from "../services/identity/passwords/common-passwords.ts";
import { commonPasswords } from "./common-passwords.ts";
import { repositoryRoot } from "./run-program.ts";

test("the list of common passwords is that of the package; node tools/common-passwords.ts makes it anew", () => {
  const made = commonPasswords();
  expect(made.length).toBeGreaterThan(200_000);
  expect(made.equals(readFileSync(join(repositoryRoot, commonPasswordsFile)))).toBe(true);
});
