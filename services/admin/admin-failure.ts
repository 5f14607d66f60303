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
  [AdminErrorReason.TENANT_SLUG_TAKEN]: Code.AlreadyExists,
  [AdminErrorReason.TENANT_INVALID]: Code.InvalidArgument,
  [AdminErrorReason.TENANT_IS_DEFAULT]: Code.FailedPrecondition,
  [AdminErrorReason.TENANT_DOMAIN_INVALID]: Code.InvalidArgument,
  [AdminErrorReason.TENANT_DOMAIN_TAKEN]: Code.AlreadyExists,
  [AdminErrorReason.TENANT_DOMAIN_NOT_FOUND]: Code.NotFound,
  [AdminErrorReason.TENANT_DOMAIN_UNPROVEN]: Code.FailedPrecondition,
  [AdminErrorReason.TENANT_DOMAIN_LIMIT]: Code.ResourceExhausted,
  [AdminErrorReason.TENANT_DOMAIN_IN_USE]: Code.FailedPrecondition,
  [AdminErrorReason.BRANDING_INVALID]: Code.InvalidArgument,
});
