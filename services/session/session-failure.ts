import { Code } from "@connectrpc/connect";
import { SessionErrorReason, SessionErrorReasonSchema } from "#gen/koder/session/v1/errors_pb.ts";
import { failures } from "../host/failure.ts";

/** The failures of the session service. */
export const sessionFailure = failures<SessionErrorReason>(SessionErrorReasonSchema, {
  [SessionErrorReason.SESSION_NOT_FOUND]: Code.NotFound,
  [SessionErrorReason.TOO_MANY_USER_CODES]: Code.ResourceExhausted,
});
