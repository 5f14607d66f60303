import { isMadeOfCommonPasswords, repeatedUnit } from "./guessable.ts";

/** The rules that a password can break, as they are named to callers. */
export type PasswordRule =
  | "too_short"
  | "too_long"
  | "repetitive"
  | "common"
  | "names"
  | "blocked_word"
  | "used_before"
  | "unchanged";

/** A rule that a password breaks. */
export interface PasswordFault {
  readonly rule: PasswordRule;
  /** What would be right. */
  readonly description: string;
  /** The length that it must have, or may have, in characters. */
  readonly limit?: number;
}

/** What a password is judged by. Lengths in characters; words in lower case, NFKC, the longest first. */
export interface PasswordRules {
  readonly shortest: number;
  readonly longest: number;
  /** Names of whom and where it is for. */
  readonly names: readonly string[];
  readonly blockedWords: readonly string[];
}

/** What is left of a password beside names that must be there to make one, in characters. */
const enoughBesideNames = 8;

/** Signs between words, which make no password of them. */
const signs = /[\s.,_@+-]/g;

/** A password as it is hashed and verified: the same whichever keyboard composed it. */
export const normalPassword = (password: string): string => password.normalize("NFC");

/** Its length in characters, as NIST SP 800-63B-4 §3.1.1 counts them. */
export const lengthOf = (password: string): number => Array.from(password).length;

/**
 * The first rule that a password in NFC breaks; undefined for none. Nothing is asked of its composition. It must not be one that
 * people try first: common, the same over and over, or made of names and words that whoever guesses knows.
 */
export function passwordFault(password: string, rules: PasswordRules): PasswordFault | undefined {
  const { shortest, longest, names, blockedWords } = rules;
  const length = lengthOf(password);
  if (length < shortest) {
    return { rule: "too_short", description: `must have at least ${shortest} characters`, limit: shortest };
  }
  if (length > longest) {
    return { rule: "too_long", description: `must have at most ${longest} characters`, limit: longest };
  }
  const folded = password.normalize("NFKC").toLowerCase();
  const unit = repeatedUnit(folded);
  if (new Set(folded).size < 4 || unit.length < enoughBesideNames) {
    return { rule: "repetitive", description: "must not be made of a few characters over and over" };
  }
  if (isMadeOfCommonPasswords(folded) || isMadeOfCommonPasswords(unit)) {
    return { rule: "common", description: "must not be a common password, which is what is guessed first" };
  }
  if (isMadeOf(names, folded)) {
    return {
      rule: "names",
      description: "must not be made of the user's own name or address, or of the name of this service",
    };
  }
  if (
    isMadeOf(
      [...blockedWords, ...names].toSorted((a, b) => b.length - a.length),
      folded,
    )
  ) {
    return { rule: "blocked_word", description: "must not be made of words that are blocked here" };
  }
  return undefined;
}

/** Whether too little is left when every word is taken out: repeating names is not a password, and a common one beside them neither. */
function isMadeOf(words: readonly string[], folded: string): boolean {
  const rest = words.reduce((left, word) => left.replaceAll(word, ""), folded);
  if (rest.length === folded.length) return false;
  const meant = rest.replaceAll(signs, "");
  return meant.length < enoughBesideNames || isMadeOfCommonPasswords(meant);
}

/**
 * How hard an allowed password is to guess, from 1 to 3, told from how much of it is no name: as far as can be told without knowing
 * how it was chosen.
 */
export function passwordStrength(password: string, { names, blockedWords }: PasswordRules): number {
  const folded = password.normalize("NFKC").toLowerCase();
  const rest = [...blockedWords, ...names].reduce((left, word) => left.replaceAll(word, ""), folded);
  const [length, distinct] = [lengthOf(rest), new Set(rest).size];
  if (length >= 20 && distinct >= 10) return 3;
  return length >= 15 && distinct >= 7 ? 2 : 1;
}
