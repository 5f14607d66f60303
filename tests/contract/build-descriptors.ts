import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createFileRegistry, fromBinary, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fetchProtos } from "../../tools/fetch-protos.ts";
import { mustRun, repositoryRoot } from "../../tools/run-program.ts";

/**
 * Compiles the project's protos with their comments, and further ones by import path, and returns the files below
 * `koder/`. Throws with the compiler's message when they do not compile.
 */
export async function buildDescriptors(further: Readonly<Record<string, string>> = {}): Promise<DescFile[]> {
  fetchProtos();
  const folder = mkdtempSync(join(tmpdir(), "koder-id-descriptors-"));
  try {
    for (const path of ["proto", "buf.yaml"])
      cpSync(join(repositoryRoot, path), join(folder, path), { recursive: true });
    symlinkSync(join(repositoryRoot, "third_party"), join(folder, "third_party"));
    for (const [path, text] of Object.entries(further)) {
      mkdirSync(dirname(join(folder, "proto", path)), { recursive: true });
      writeFileSync(join(folder, "proto", path), text);
    }
    await mustRun("buf", ["build", "proto", "-o", "image.binpb"], { cwd: folder });
    const image = fromBinary(FileDescriptorSetSchema, readFileSync(join(folder, "image.binpb")));
    return [...createFileRegistry(image).files].filter((file) => file.name.startsWith("koder/"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
