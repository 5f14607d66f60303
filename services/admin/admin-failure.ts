import { Code } from "@connectrpc/connect";
import { AdminErrorReason, AdminErrorReasonSchema } from "#gen/koder/admin/v1/errors_pb.ts";
import { failures } from "../host/failure.ts";

/** The failures of the admin service. */
export const adminFailure = failures<AdminErrorReason>(AdminErrorReasonSchema, {
  [AdminErrorReason.BOOTSTRAP_CLOSED]: Code.FailedPrecondition,
  [AdminErrorReason.BOOTSTRAP_TOKEN_INVALID]: Code.Unauthenticated,
  [AdminErrorReason.TENANT_UNKNOWN]: Code.NotFound,
  [AdminErrorReason.API_KEY_NOT_FOUND]: Code.NotFound,
  [AdminErrorReason.API_KEY_INVALID]: Code.InvalidArgument,
  [AdminErrorReason.API_KEY_LIMIT]: Code.FailedPrecondition,
  [AdminErrorReason.PERSONAL_ACCESS_TOKEN_NOT_FOUND]: Code.NotFound,
  [AdminErrorReason.PERSONAL_ACCESS_TOKEN_INVALID]: Code.InvalidArgument,
  [AdminErrorReason.PERSONAL_ACCESS_TOKEN_LIMIT]: Code.FailedPrecondition,
});
