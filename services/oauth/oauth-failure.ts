import { Code } from "@connectrpc/connect";
import { OauthErrorReason, OauthErrorReasonSchema } from "#gen/koder/oauth/v1/errors_pb.ts";
import { failures } from "../host/failure.ts";

/** The failures of the oauth service. */
export const oauthFailure = failures<OauthErrorReason>(OauthErrorReasonSchema, {
  [OauthErrorReason.CLIENT_NOT_FOUND]: Code.NotFound,
  [OauthErrorReason.CLIENT_ID_TAKEN]: Code.AlreadyExists,
  [OauthErrorReason.CLIENT_METADATA_INVALID]: Code.InvalidArgument,
  [OauthErrorReason.AUTHORIZATION_NOT_FOUND]: Code.NotFound,
  [OauthErrorReason.SIGNING_KEY_NOT_READY]: Code.Unavailable,
  [OauthErrorReason.SIGNING_KEY_NOT_FOUND]: Code.NotFound,
  [OauthErrorReason.SIGNING_KEY_LIMIT]: Code.FailedPrecondition,
  [OauthErrorReason.CLIENT_SECRET_LIMIT]: Code.FailedPrecondition,
  [OauthErrorReason.CLIENT_SECRET_NOT_FOUND]: Code.NotFound,
  [OauthErrorReason.CLIENT_SECRET_UNUSED]: Code.FailedPrecondition,
  [OauthErrorReason.POLICY_INVALID]: Code.InvalidArgument,
  [OauthErrorReason.INITIAL_ACCESS_TOKEN_INVALID]: Code.InvalidArgument,
  [OauthErrorReason.INITIAL_ACCESS_TOKEN_NOT_FOUND]: Code.NotFound,
  [OauthErrorReason.USER_CODE_NOT_FOUND]: Code.NotFound,
  [OauthErrorReason.RESOURCE_SERVER_NOT_FOUND]: Code.NotFound,
  [OauthErrorReason.RESOURCE_SERVER_IDENTIFIER_TAKEN]: Code.AlreadyExists,
  [OauthErrorReason.RESOURCE_SERVER_INVALID]: Code.InvalidArgument,
  [OauthErrorReason.RESOURCE_SERVER_LIMIT]: Code.FailedPrecondition,
  [OauthErrorReason.RESOURCE_SERVER_IN_POLICY]: Code.FailedPrecondition,
  [OauthErrorReason.LOGOUT_DELIVERY_NOT_FOUND]: Code.NotFound,
});
