import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { identityFailure } from "../identity-failure.ts";
import { contextWords, type PasswordOwner, type PasswordPlace } from "./context-words.ts";
import { isMadeOfCommonPasswords, repeatedUnit } from "./guessable.ts";

/** NIST SP 800-63B-4 §3.1.1: at least 15 characters where the password is the only factor; we take up to 256. */
export const passwordLengths = { shortest: 15, longest: 256 } as const;

/** What is left of a password beside names that must be there to make one, in characters. */
const enoughBesideNames = 8;

/**
 * Checks a new password, and answers it in NFC, in which it is hashed. Length is counted in characters; nothing is asked of
 * its composition. It must not be one that people try first: common, the same over and over, or made of the names of whom
 * and where it is for. Throws PASSWORD_NOT_ALLOWED with the reason beside `field`.
 */
export function checkPassword(field: string, password: string, owner: PasswordOwner, place: PasswordPlace): string {
  const normal = normalPassword(password);
  const fault = faultOf(normal, contextWords(owner, place));
  if (fault === undefined) return normal;
  throw identityFailure(IdentityErrorReason.PASSWORD_NOT_ALLOWED, `${field}: ${fault}`, {
    violations: [{ field, description: fault }],
  });
}

/** A password as it is hashed and verified: the same whichever keyboard composed it. */
export const normalPassword = (password: string): string => password.normalize("NFC");

function faultOf(password: string, names: readonly string[]): string | undefined {
  const length = Array.from(password).length;
  if (length < passwordLengths.shortest) return `must have at least ${passwordLengths.shortest} characters`;
  if (length > passwordLengths.longest) return `must have at most ${passwordLengths.longest} characters`;
  const folded = password.normalize("NFKC").toLowerCase();
  const unit = repeatedUnit(folded);
  if (new Set(folded).size < 4 || unit.length < enoughBesideNames) {
    return "must not be made of a few characters over and over";
  }
  if (isMadeOfCommonPasswords(folded) || isMadeOfCommonPasswords(unit)) {
    return "must not be a common password, which is what is guessed first";
  }
  // What is left when every name is taken out: repeating names is not a password, and a common one beside them neither.
  const rest = names.reduce((left, name) => left.replaceAll(name, ""), folded);
  if (rest.length === folded.length) return undefined;
  const meant = rest.replaceAll(/[\s.,_@+-]/g, "");
  return meant.length < enoughBesideNames || isMadeOfCommonPasswords(meant)
    ? "must not be made of the user's own name or address, or of the name of this service"
    : undefined;
}
