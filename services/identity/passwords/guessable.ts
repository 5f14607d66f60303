import { isCommonPassword } from "./common-passwords.ts";

/** Words of the list are not looked for in longer texts: two of them and a few characters more are never as long. */
const longestMadeOfWords = 48;
const [shortestWord, longestWord] = [4, 20];
/** Characters beside two common words that make no password of them, and signs around a single one. */
const [fewCharacters, fewSigns] = [3, 7];

/** The shortest text that, over and over, makes this one, as `abc` makes `abcabcab`; the text itself where there is none. */
export function repeatedUnit(text: string): string {
  for (let length = 1; length <= text.length / 2; length++) {
    if (text.slice(length) === text.slice(0, -length)) return text.slice(0, length);
  }
  return text;
}

/**
 * Whether a text in lower case is a common password, one in a disguise that guessing tools undo (`p4ssw0rd`, `Password2024!`),
 * or two of them in a row with next to nothing else.
 */
export function isMadeOfCommonPasswords(text: string): boolean {
  return [...new Set([text, undisguised(text)])].some(
    (one) => isCommonPassword(one) || isDecoratedWord(one) || leftBesideTwoWords(one) <= fewCharacters,
  );
}

const disguises: Readonly<Record<string, string>> = {
  "@": "a",
  4: "a",
  3: "e",
  1: "i",
  "!": "i",
  0: "o",
  5: "s",
  $: "s",
  7: "t",
};

const undisguised = (text: string): string => text.replaceAll(/[@4310!5$7]/g, (sign) => disguises[sign] ?? sign);

function isDecoratedWord(text: string): boolean {
  const word = text.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  return text.length - word.length <= fewSigns && isCommonPassword(word);
}

/** How many characters are left when the two common passwords are taken out of a text that leave the fewest. */
function leftBesideTwoWords(text: string): number {
  if (text.length > longestMadeOfWords) return text.length;
  // The longest word that lies wholly before each place, and from each place on.
  const before = Array.from({ length: text.length + 1 }, () => 0);
  const after = Array.from({ length: text.length + 1 }, () => 0);
  for (let from = 0; from < text.length; from++) {
    for (let to = from + shortestWord; to <= Math.min(text.length, from + longestWord); to++) {
      if (!isCommonPassword(text.slice(from, to))) continue;
      before[to] = Math.max(before[to] ?? 0, to - from);
      after[from] = Math.max(after[from] ?? 0, to - from);
    }
  }
  for (let at = 1; at <= text.length; at++) before[at] = Math.max(before[at] ?? 0, before[at - 1] ?? 0);
  for (let at = text.length - 1; at >= 0; at--) after[at] = Math.max(after[at] ?? 0, after[at + 1] ?? 0);
  return text.length - Math.max(...before.map((longest, at) => longest + (after[at] ?? 0)));
}
