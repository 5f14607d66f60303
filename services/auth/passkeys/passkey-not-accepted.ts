import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { authFailure } from "../auth-failure.ts";

/** The answer to a passkey that does not fit, whichever check it failed (security A23). */
export const passkeyNotAccepted = (field: string) =>
  authFailure(
    AuthErrorReason.PASSKEY_NOT_ACCEPTED,
    `${field}: the passkey is not one that fits here, or it was not asked by what was offered; begin again`,
  );
