import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "./failure.ts";

/**
 * What an update is about: the new values, and the paths that its mask names, each once. The etag is a condition and no field.
 * Throws INVALID_REQUEST where nothing is to be changed.
 */
export function readUpdate<Resource>(
  resource: Resource | undefined,
  mask: FieldMask | undefined,
): { readonly asked: Resource; readonly paths: string[] } {
  const paths = [...new Set(mask?.paths ?? [])].filter((path) => path !== "etag");
  if (resource === undefined || paths.length === 0) {
    throw failure(ErrorReason.INVALID_REQUEST, "update_mask: must name at least one field", {
      violations: [{ field: "update_mask", description: "must name at least one field" }],
    });
  }
  return { asked: resource, paths };
}
