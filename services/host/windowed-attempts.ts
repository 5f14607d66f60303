import type { TenantStore } from "../store/store.ts";
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
  /** Takes it back, because it was no failure. */
  takeBack(): Promise<void>;
}

/**
 * Counts an attempt of an address, and of its tenant, under a name (security A7). Each sees its own number, atomically, in
 * the store: attempts at the same moment, on whichever replica, cannot slip through together. What an address tries beyond
 * its own limit counts for it alone: nobody uses up what is there for all others. `now` in milliseconds.
 */
export async function countAttemptInWindow(
  data: TenantStore,
  name: string,
  { perAddress, perTenant, window }: AttemptLimits,
  now: number,
  remoteAddress: string,
): Promise<WindowedAttempt> {
  const [address, addressEnd] = inWindow(`${name}/address/${clientNetwork(remoteAddress)}`, window, now);
  const [tenant, tenantEnd] = inWindow(`${name}/tenant`, window, now);
  const [ofAddress, ofTenant] = await Promise.all([data.add(address, 1, addressEnd), data.add(tenant, 1, tenantEnd)]);
  if (ofAddress > perAddress) {
    await takeFromCounter(data, tenant, 1, tenantEnd);
    return { isTooMany: true, takeBack: () => takeFromCounter(data, address, 1, addressEnd) };
  }
  return {
    isTooMany: ofTenant > perTenant,
    async takeBack() {
      await Promise.all([takeFromCounter(data, address, 1, addressEnd), takeFromCounter(data, tenant, 1, tenantEnd)]);
    },
  };
}

/** A counter of the window that `now` lies in, and when it may be forgotten: what was counted there is taken back there. */
export function inWindow(name: string, window: number, now: number): readonly [counter: string, expiresAt: number] {
  const number = Math.floor(now / window);
  return [`${name}/${number}`, (number + 2) * window];
}

/**
 * Takes `n` from a counter, and gives back at once what was not there: successes at the same moment take the same failures,
 * and a counter left below zero would be so many guesses for a stranger.
 */
export async function takeFromCounter(data: TenantStore, counter: string, n: number, expiresAt: number): Promise<void> {
  if (n === 0) return;
  const left = await data.add(counter, -n, expiresAt);
  if (left < 0) await data.add(counter, Math.min(n, -left), expiresAt);
}
