/**
 * How many guesses at one account are looked at, at most, in so many milliseconds: four at once, and then one for each wait that
 * ran out, the first of which is over at once: after 1 s, 3 s, 7 s and so on. Two more, because a busy server has read its clock
 * some time before it counts, and what waits from then on waits for less.
 */
export const mostLookedAt = (milliseconds: number): number => 7 + Math.floor(Math.log2(milliseconds / 1_000 + 1));
