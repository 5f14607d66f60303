import { Code } from "@connectrpc/connect";
import { IdentityErrorReason, IdentityErrorReasonSchema } from "#gen/koder/identity/v1/errors_pb.ts";
import { failures } from "../host/failure.ts";

/** The failures of the identity service. */
export const identityFailure = failures<IdentityErrorReason>(IdentityErrorReasonSchema, {
  [IdentityErrorReason.USER_NOT_FOUND]: Code.NotFound,
  [IdentityErrorReason.USERNAME_TAKEN]: Code.AlreadyExists,
  [IdentityErrorReason.EMAIL_TAKEN]: Code.AlreadyExists,
  [IdentityErrorReason.USERNAME_NOT_ALLOWED]: Code.InvalidArgument,
  [IdentityErrorReason.PASSWORD_NOT_ALLOWED]: Code.InvalidArgument,
  [IdentityErrorReason.FIELD_NOT_WRITABLE]: Code.InvalidArgument,
  [IdentityErrorReason.HASHING_BUSY]: Code.ResourceExhausted,
  [IdentityErrorReason.OWNER_EXISTS]: Code.FailedPrecondition,
  [IdentityErrorReason.PASSWORD_HASH_NOT_SUPPORTED]: Code.InvalidArgument,
  [IdentityErrorReason.USER_NOT_DELETED]: Code.FailedPrecondition,
  [IdentityErrorReason.USER_OWNS_INSTANCE]: Code.FailedPrecondition,
  [IdentityErrorReason.INVITATION_NOT_FOUND]: Code.NotFound,
  [IdentityErrorReason.INVITATION_EXISTS]: Code.AlreadyExists,
  [IdentityErrorReason.ROLE_NOT_FOUND]: Code.NotFound,
  [IdentityErrorReason.ROLE_NAME_TAKEN]: Code.AlreadyExists,
  [IdentityErrorReason.ROLE_INVALID]: Code.InvalidArgument,
  [IdentityErrorReason.ROLE_BUILT_IN]: Code.FailedPrecondition,
  [IdentityErrorReason.ROLE_LIMIT]: Code.FailedPrecondition,
  [IdentityErrorReason.ROLE_ASSIGNMENT_NOT_FOUND]: Code.NotFound,
  [IdentityErrorReason.ROLE_ASSIGNMENT_LIMIT]: Code.FailedPrecondition,
  [IdentityErrorReason.GROUP_NOT_FOUND]: Code.NotFound,
  [IdentityErrorReason.GROUP_NAME_TAKEN]: Code.AlreadyExists,
  [IdentityErrorReason.GROUP_INVALID]: Code.InvalidArgument,
  [IdentityErrorReason.GROUP_MEMBER_NOT_FOUND]: Code.NotFound,
  [IdentityErrorReason.GROUP_LIMIT]: Code.FailedPrecondition,
  [IdentityErrorReason.GROUP_IN_POLICY]: Code.FailedPrecondition,
  [IdentityErrorReason.ATTRIBUTE_SCHEMA_INVALID]: Code.InvalidArgument,
  [IdentityErrorReason.ATTRIBUTES_INVALID]: Code.InvalidArgument,
  [IdentityErrorReason.ATTRIBUTE_NOT_WRITABLE]: Code.PermissionDenied,
  [IdentityErrorReason.PASSWORD_POLICY_INVALID]: Code.InvalidArgument,
  [IdentityErrorReason.USERNAME_TOO_SIMILAR]: Code.AlreadyExists,
  [IdentityErrorReason.USERNAME_POLICY_INVALID]: Code.InvalidArgument,
});
