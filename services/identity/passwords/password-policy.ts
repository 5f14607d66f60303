import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { identityFailure } from "../identity-failure.ts";

/** NIST SP 800-63B-4 §3.1.1: at least 15 characters where the password is the only factor; we take up to 256. */
export const passwordLengths = { shortest: 15, longest: 256 } as const;

/** Whose password it is to be: it must not be made of their own names. */
export interface PasswordOwner {
  readonly username: string;
  readonly email: string;
}

/**
 * Checks a new password, and answers it in NFC, in which it is hashed. Length is counted in characters; nothing is asked of
 * its composition. Throws PASSWORD_NOT_ALLOWED with the reason beside `field`.
 */
export function checkPassword(field: string, password: string, owner: PasswordOwner): string {
  const normal = normalPassword(password);
  const fault = faultOf(normal, owner);
  if (fault === undefined) return normal;
  throw identityFailure(IdentityErrorReason.PASSWORD_NOT_ALLOWED, `${field}: ${fault}`, {
    violations: [{ field, description: fault }],
  });
}

/** A password as it is hashed and verified: the same whichever keyboard composed it. */
export const normalPassword = (password: string): string => password.normalize("NFC");

function faultOf(password: string, { username, email }: PasswordOwner): string | undefined {
  const length = Array.from(password).length;
  if (length < passwordLengths.shortest) return `must have at least ${passwordLengths.shortest} characters`;
  if (length > passwordLengths.longest) return `must have at most ${passwordLengths.longest} characters`;
  if (new Set(password).size < 4) return "must not be made of a few characters over and over";
  const [local = ""] = email.split("@");
  const names = [username, email, local].filter((name) => name.length > 2).map((name) => name.toLowerCase());
  // What is left when every name of theirs is taken out: repeating one's name is not a password.
  const rest = names.reduce((left, name) => left.replaceAll(name, ""), password.toLowerCase());
  return rest.length < 8 && rest.length < password.length
    ? "must not be made of the user's own name or address"
    : undefined;
}
