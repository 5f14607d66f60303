import { randomInt } from "node:crypto";
import { typedCode } from "../typed-code.ts";

/** Crockford's base 32: no letter is taken for a digit, and ten of them are 50 random bits. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const length = 10;
const isCode = new RegExp(`^[${alphabet}]{${length}}$`);

/** Names the keyed hash of a recovery code. What is hashed names its user as well. */
export const recoveryCodeUse = "recovery-code";

/** How many codes a person has at first. */
export const recoveryCodeCount = 10;

/** A new recovery code, as it is shown. */
export function newRecoveryCode(): string {
  const code = Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}

/**
 * What of a recovery code is hashed, however it was typed: case, spaces, hyphens, and letters that look like digits do not
 * matter. Undefined for what is none.
 */
export function hashedRecoveryCode(userId: string, typed: string): string | undefined {
  const code = typedCode(typed).toUpperCase().replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return isCode.test(code) ? `${userId}/${code}` : undefined;
}
