/**
 * How far the clocks of two processes may be apart, in milliseconds. A lease that ends later than now, as long as it is asked for, and
 * this was taken by a clock that was ahead: nobody waits for it, and the fence refuses whoever had it.
 */
const tolerance = 60_000;

/** The latest end that a lease can have which was taken for `ttl` milliseconds by a clock that is right. Milliseconds since the epoch. */
export const latestLeaseEnd = (ttl: number, now: number): number => now + ttl + tolerance;
