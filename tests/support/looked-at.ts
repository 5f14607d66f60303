/**
 * How many guesses at one account are looked at, at most, in so many milliseconds: four at once, and then one for each wait that
 * ran out, the first of which is over at once: after 1 s, 3 s, 7 s and so on.
 */
export const mostLookedAt = (milliseconds: number): number =>
  Math.max(6, 5 + Math.floor(Math.log2(milliseconds / 1_000 + 1)));
