/**
 * The characters of usernames that look like others, each with what it looks like. These are all of them in `confusables.txt` of
 * Unicode (UTS 39 §4), which has 0 → O, 1 → l and m → rn; in lower case, as names are kept. `I` → l is of the upper case alone,
 * and `vv` and w, `cl` and d, or 5 and s are not in it.
 */
const prototypes: Readonly<Record<string, string>> = { 0: "o", 1: "l", m: "rn" };

/** What usernames that look alike have in common, which nobody else may have: their skeleton (UTS 39 §4). */
export const usernameSkeleton = (username: string): string =>
  username.replaceAll(/[01m]/g, (character) => prototypes[character] ?? character);
