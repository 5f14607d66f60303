import { randomInt } from "node:crypto";

/**
 * The letters of user codes (RFC 8628 §6.1): no vowels, so that no word comes of them, no digits and no Y, so that none is
 * taken for another.
 */
const alphabet = "BCDFGHJKLMNPQRSTVWXZ";
const length = 8;
const beyondAlphabet = new RegExp(`[^${alphabet}]`, "g");

/** A new user code, without its hyphen: one of 20^8, about 2.6 · 10^10. */
export function newUserCode(): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}

/** A user code as a device shows it. */
export const shownUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`;

/** The user code that a person typed, whatever its case, spaces and hyphens (RFC 8628 §6.1); undefined for what is none. */
export function typedUserCode(text: string): string | undefined {
  const code = text.normalize("NFKC").toUpperCase().replaceAll(beyondAlphabet, "");
  return code.length === length ? code : undefined;
}
