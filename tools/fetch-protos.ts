import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { printProto } from "./protos/print-proto.ts";
import { repositoryRoot } from "./run-program.ts";

/** Third-party .proto files by their import path, and where the npm packages have them. */
const sources: Readonly<Record<string, string>> = {
  "google/api/annotations.proto": "google-proto-files/google/api/annotations.proto",
  "google/api/http.proto": "google-proto-files/google/api/http.proto",
  "google/rpc/error_details.proto": "google-proto-files/google/rpc/error_details.proto",
  "google/rpc/status.proto": "google-proto-files/google/rpc/status.proto",
  "grpc/health/v1/health.proto": "grpc-health-check/proto/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto": "@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto": "@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto",
};

/** The third-party files by import path. */
function thirdPartyFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [importPath, source] of Object.entries(sources))
    files.set(importPath, readFileSync(join(repositoryRoot, "node_modules", source), "utf8"));
  files.set("buf/validate/validate.proto", printProto(file_buf_validate_validate));
  return files;
}

/**
 * Lays the third-party .proto files out under `third_party/proto`, which git ignores: they come with the npm packages
 * that the lock file pins. No package has the source of `buf/validate/validate.proto`; it is printed from the
 * descriptor that protovalidate embeds. Files that are right already are not touched, so that a build that is reading
 * them is not disturbed.
 */
export function fetchProtos(): void {
  const out = join(repositoryRoot, "third_party/proto");
  const files = thirdPartyFiles();
  for (const path of globSync("**/*.proto", { cwd: out })) if (!files.has(path)) rmSync(join(out, path));
  for (const [path, text] of files) {
    const target = join(out, path);
    if (existsSync(target) && readFileSync(target, "utf8") === text) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

if (import.meta.main) fetchProtos();
