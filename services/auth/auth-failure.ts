import { Code } from "@connectrpc/connect";
import { AuthErrorReason, AuthErrorReasonSchema } from "#gen/koder/auth/v1/errors_pb.ts";
import { failures } from "../host/failure.ts";

/** The failures of the auth service. */
export const authFailure = failures<AuthErrorReason>(AuthErrorReasonSchema, {
  [AuthErrorReason.FLOW_NOT_FOUND]: Code.NotFound,
  [AuthErrorReason.STEP_NOT_EXPECTED]: Code.FailedPrecondition,
  [AuthErrorReason.PASSWORD_MISMATCH]: Code.Unauthenticated,
  [AuthErrorReason.TOO_MANY_ATTEMPTS]: Code.ResourceExhausted,
  [AuthErrorReason.ATTEMPTS_USED_UP]: Code.ResourceExhausted,
  [AuthErrorReason.FACTOR_NOT_FOUND]: Code.NotFound,
  [AuthErrorReason.CODE_MISMATCH]: Code.InvalidArgument,
  [AuthErrorReason.FACTOR_LIMIT]: Code.FailedPrecondition,
  [AuthErrorReason.RECOVERY_TOKEN_INVALID]: Code.InvalidArgument,
  [AuthErrorReason.EMAIL_TOKEN_INVALID]: Code.InvalidArgument,
  [AuthErrorReason.MAILBOX_NOT_FOUND]: Code.NotFound,
  [AuthErrorReason.AUTHENTICATION_POLICY_INVALID]: Code.InvalidArgument,
  [AuthErrorReason.SIGN_UP_NOT_ALLOWED]: Code.PermissionDenied,
  [AuthErrorReason.SIGN_UP_TOKEN_INVALID]: Code.InvalidArgument,
  [AuthErrorReason.PASSKEY_NOT_ACCEPTED]: Code.InvalidArgument,
  [AuthErrorReason.FACTOR_NOT_ALLOWED]: Code.FailedPrecondition,
  [AuthErrorReason.SMS_NOT_AVAILABLE]: Code.FailedPrecondition,
  [AuthErrorReason.DEVICE_NOT_FOUND]: Code.NotFound,
  [AuthErrorReason.DIRECT_FLOWS_NOT_ALLOWED]: Code.PermissionDenied,
  [AuthErrorReason.MAIL_TEMPLATE_NOT_FOUND]: Code.NotFound,
  [AuthErrorReason.MAIL_TEMPLATE_INVALID]: Code.InvalidArgument,
  [AuthErrorReason.MAIL_SETTINGS_INVALID]: Code.InvalidArgument,
  [AuthErrorReason.EMAIL_NEEDED]: Code.InvalidArgument,
  [AuthErrorReason.TERMS_NOT_ACCEPTED]: Code.InvalidArgument,
  [AuthErrorReason.MAIL_SERVER_INVALID]: Code.InvalidArgument,
  [AuthErrorReason.TEST_MAIL_NOT_SENT]: Code.FailedPrecondition,
  [AuthErrorReason.MAIL_SERVER_NOT_SET]: Code.FailedPrecondition,
});
