/** So many requests in a window of so many milliseconds; all of them may come at once, and then come back evenly. */
export interface RateLimit {
  readonly quota: number;
  readonly window: number;
}

/** What a client has left. */
export interface Allowance {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Milliseconds until one more is allowed; 0 while some are left. */
  readonly retryAfter: number;
  /** Milliseconds until all of the quota is there again. */
  readonly resetAfter: number;
}

/** The buckets of all clients. */
export interface TokenBuckets {
  /** Takes one request of a client at `now` (ms). One that is refused takes nothing. */
  readonly take: (client: string, now: number) => Allowance;
}

/** How many clients are remembered at most: some 100 bytes each. Beyond it the ones known for longest begin anew. */
const mostClients = 50_000;

/**
 * A token bucket for each client, as one number: the moment at which its bucket is full again (the generic cell rate
 * algorithm). In memory, for this process: what must hold for all of them, and across restarts, is counted in the store by
 * the services.
 */
export function createTokenBuckets({ quota, window }: RateLimit, most = mostClients): TokenBuckets {
  const interval = window / quota;
  const fullAt = new Map<string, number>();
  /** Goes round among them. */
  let hand = fullAt.entries();

  /**
   * Looks at two clients for each that is new. One whose bucket is full is as one that was never here: so those that are remembered
   * are about twice as many as came within a window.
   */
  function forgetFull(now: number): void {
    for (let looked = 0; looked < 2; looked++) {
      const { done, value } = hand.next();
      if (done === true) {
        hand = fullAt.entries();
        return;
      }
      const [client, full] = value;
      if (full <= now) fullAt.delete(client);
    }
  }
  function forgetSome(now: number): void {
    let room = Math.ceil(most / 10);
    for (const [client, full] of fullAt) {
      if (room > 0 || full <= now) fullAt.delete(client);
      if (--room <= 0) return;
    }
  }

  return {
    take(client, now) {
      const known = fullAt.get(client) ?? 0;
      // Further off than any bucket is full again: the clock was ahead, and was set right since. Nobody waits until it is there.
      const before = known > now + 2 * window ? now : Math.max(known, now);
      const after = before + interval;
      const retryAfter = after - now - window;
      if (retryAfter > 0) return { isAllowed: false, remaining: 0, retryAfter, resetAfter: before - now };
      if (!fullAt.has(client)) {
        forgetFull(now);
        if (fullAt.size >= most) forgetSome(now);
      }
      fullAt.set(client, after);
      const remaining = Math.floor((window - (after - now)) / interval + 1e-9);
      return { isAllowed: true, remaining, retryAfter: 0, resetAfter: after - now };
    },
  };
}
