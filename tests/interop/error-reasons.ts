import { fromBinary } from "@bufbuild/protobuf";
import { ErrorInfoSchema } from "#gen/google/rpc/error_details_pb.ts";

/**
 * The reasons in what a command-line client printed of a failure. Clients print `google.rpc.ErrorInfo` as JSON where
 * they know the type, and its bytes in base64 where they do not.
 */
export function errorReasons(output: string): string[] {
  const printed = [...output.matchAll(/"reason": "([A-Z_]+)"/g)].map(([, reason = ""]) => reason);
  if (printed.length > 0) return printed;
  return [...output.matchAll(/"@?value": "([\w+/=-]+)"/g)].map(
    ([, bytes = ""]) => fromBinary(ErrorInfoSchema, Buffer.from(bytes, "base64")).reason,
  );
}
