import { globSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../run-program.ts";

/**
 * Whether a .proto file, by its path below `proto/`, belongs to what people outside may build on. Not among it are the
 * RPCs between services (`*_internal.proto`), what services store, and the options that only servers read.
 */
export function isPublicFile(path: string): boolean {
  return (
    !path.endsWith("_internal.proto") &&
    !path.includes("/store/") &&
    path !== "koder/options/v1/access.proto" &&
    path !== "koder/options/v1/field.proto"
  );
}

/** The .proto files of this project, by their paths below `proto/`, in order. */
export function ownFiles(): string[] {
  return globSync("**/*.proto", { cwd: join(repositoryRoot, "proto") }).toSorted();
}
