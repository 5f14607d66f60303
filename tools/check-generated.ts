import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchProtos } from "./fetch-protos.ts";
import { generate, outputs } from "./generate.ts";
import { compareFolders } from "./generated/compare-folders.ts";
import { repositoryRoot } from "./run-program.ts";

// Generates everything into a temporary folder and fails when the files of the repository are not the same.
fetchProtos();
const root = mkdtempSync(join(tmpdir(), "koder-id-check-generated-"));
try {
  for (const output of outputs) {
    await generate(output, root);
    for (const { path, kind } of compareFolders(join(repositoryRoot, output.folder), join(root, output.folder))) {
      process.stdout.write(`${output.folder}/${path}: ${kind}\n`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.stdout.write(
  process.exitCode === 1 ? "Run `npm run generate` and commit the result.\n" : "Generated files are fresh.\n",
);
