import type { ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";

/** The answer to a change of a client that is no longer as it was read. */
export const clientChangedMeanwhile = (): ConnectError =>
  failure(ErrorReason.ETAG_MISMATCH, "etag: the client was changed meanwhile; read it again");
