import { Code } from "@connectrpc/connect";
import { AdminErrorReason, AdminErrorReasonSchema } from "#gen/koder/admin/v1/errors_pb.ts";
import { failures } from "../host/failure.ts";

/** The failures of the admin service. */
export const adminFailure = failures<AdminErrorReason>(AdminErrorReasonSchema, {
  [AdminErrorReason.BOOTSTRAP_CLOSED]: Code.FailedPrecondition,
  [AdminErrorReason.BOOTSTRAP_TOKEN_INVALID]: Code.Unauthenticated,
  [AdminErrorReason.TENANT_UNKNOWN]: Code.NotFound,
});
