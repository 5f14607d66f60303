import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { authFailure } from "../auth-failure.ts";

/** The answer to an id that no factor of the person has. */
export const factorNotFound = () =>
  authFailure(
    AuthErrorReason.FACTOR_NOT_FOUND,
    "the person has no factor with this id, or it was not confirmed in time",
  );
