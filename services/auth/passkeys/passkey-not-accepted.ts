import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { authFailure } from "../auth-failure.ts";

/**
 * The answer to a passkey that does not fit, whichever check it failed (security A23). That there is none of its id is told beside
 * it, where nobody was named: who keeps a passkey that was removed here is offered it no more (WebAuthn Level 3 §5.1.10).
 */
export const passkeyNotAccepted = (field: string, { isUnknown = false }: { readonly isUnknown?: boolean } = {}) =>
  authFailure(
    AuthErrorReason.PASSKEY_NOT_ACCEPTED,
    `${field}: the passkey is not one that fits here, or it was not asked by what was offered; begin again`,
    isUnknown
      ? { violations: [{ field, description: "is of no passkey that is known here", reason: "PASSKEY_UNKNOWN" }] }
      : {},
  );
