import type { Addition, TenantStore } from "../store/store.ts";
import { clientNetwork } from "./client-network.ts";

/** Attempts that may fail within a window. */
export interface AttemptLimits {
  /** Those of one address (IPv6: one /64). */
  readonly perAddress: number;
  readonly perTenant: number;
  /** Milliseconds. */
  readonly window: number;
}

/** An attempt that was counted. */
export interface WindowedAttempt {
  /** Whether it is one too many: it must not be looked at. */
  readonly isTooMany: boolean;
  /** What it has added, for `takeFromCounters`: it is taken back where it was no failure. */
  readonly takeBack: readonly Addition[];
}

/** An attempt within a window that is yet to be counted. */
export interface UncountedAttempt {
  /** What counts it: for its address, and for its tenant. */
  readonly additions: readonly [ofAddress: Addition, ofTenant: Addition];
  /** What it is with the values that these came to. */
  counted(ofAddress: number, ofTenant: number): Promise<WindowedAttempt>;
}

/**
 * Counts an attempt of an address, and of its tenant, under a name (security A7). Each sees its own number, atomically, in
 * the store: attempts at the same moment, on whichever replica, cannot slip through together. What an address tries beyond
 * its own limit counts for it alone: nobody uses up what is there for all others. `now` in milliseconds.
 */
export async function countAttemptInWindow(
  data: TenantStore,
  name: string,
  limits: AttemptLimits,
  now: number,
  remoteAddress: string,
): Promise<WindowedAttempt> {
  const attempt = attemptInWindow(data, name, limits, now, remoteAddress);
  const [ofAddress = Infinity, ofTenant = Infinity] = await data.addAll(attempt.additions);
  return attempt.counted(ofAddress, ofTenant);
}

/** The same for whoever counts it together with something else. */
export function attemptInWindow(
  data: TenantStore,
  name: string,
  { perAddress, perTenant, window }: AttemptLimits,
  now: number,
  remoteAddress: string,
): UncountedAttempt {
  const address = oneInWindow(`${name}/address/${clientNetwork(remoteAddress)}`, window, now);
  const tenant = oneInWindow(`${name}/tenant`, window, now);
  return {
    additions: [address, tenant],
    async counted(ofAddress, ofTenant) {
      if (ofAddress <= perAddress) return { isTooMany: ofTenant > perTenant, takeBack: [address, tenant] };
      await takeFromCounters(data, [tenant]);
      return { isTooMany: true, takeBack: [address] };
    },
  };
}

/** A counter of the window that `now` lies in, and when it may be forgotten: what was counted there is taken back there. */
export function inWindow(name: string, window: number, now: number): readonly [counter: string, expiresAt: number] {
  const number = Math.floor(now / window);
  return [`${name}/${number}`, (number + 2) * window];
}

/** One more of what is counted in the window that `now` lies in. */
export function oneInWindow(name: string, window: number, now: number): Addition {
  const [counter, expiresAt] = inWindow(name, window, now);
  return { counter, n: 1, expiresAt };
}

/**
 * Takes back what was added to counters, and gives back at once what was not there: successes at the same moment take the same
 * failures, and a counter left below zero would be so many guesses for a stranger.
 */
export async function takeFromCounters(data: TenantStore, added: readonly Addition[]): Promise<void> {
  const taken = added.filter(({ n }) => n > 0);
  if (taken.length === 0) return;
  const left = await data.addAll(taken.map((one) => ({ ...one, n: -one.n })));
  const missing = taken.flatMap((one, at) => {
    const value = left[at] ?? 0;
    return value < 0 ? [{ ...one, n: Math.min(one.n, -value) }] : [];
  });
  if (missing.length > 0) await data.addAll(missing);
}
