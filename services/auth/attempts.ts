import { isIPv6 } from "node:net";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { TenantStore } from "../store/store.ts";
import { authFailure } from "./auth-failure.ts";

/** How many attempts are let through. Times in milliseconds. */
export interface AttemptPolicy {
  /** Failures of an account in a row that cost nothing. */
  readonly free: number;
  /** The wait after the first failure beyond them; it doubles with each further one, up to `longestDelay`. */
  readonly firstDelay: number;
  readonly longestDelay: number;
  /** After this long without a success the row begins anew. */
  readonly forgottenAfter: number;
  /** Attempts of one address (IPv6: one /64) and of the whole tenant that may fail within `window`. */
  readonly perAddress: number;
  readonly perTenant: number;
  /** Flows that one address may start within `window`. */
  readonly flowsPerAddress: number;
  readonly window: number;
}

/** With these an account sees at most 90 verified guesses a day. */
export const defaultAttemptPolicy: AttemptPolicy = {
  free: 5,
  firstDelay: 1_000,
  longestDelay: 20 * 60_000,
  forgottenAfter: 86_400_000,
  perAddress: 100,
  perTenant: 10_000,
  flowsPerAddress: 600,
  window: 10 * 60_000,
};

/** An attempt that was counted and may be verified. */
export interface CountedAttempt {
  /** Takes it back: it was no failure. The account's row of failures ends. */
  succeeded(): Promise<void>;
}

/**
 * Counts an attempt before anything of it is verified (security A7): atomically, in the store, so that attempts at the same
 * moment, on whichever replica, each see their own number. Throws TOO_MANY_ATTEMPTS when it must wait; it was counted all
 * the same.
 */
export async function countAttempt(
  data: TenantStore,
  policy: AttemptPolicy,
  now: number,
  { accountKey, remoteAddress }: { readonly accountKey: string; readonly remoteAddress: string },
): Promise<CountedAttempt> {
  const account = `attempts/account/${accountKey}`;
  const address = addressCounter("attempts", remoteAddress);
  const windowEnd = now + policy.window;
  const [failures, ofAddress, ofTenant] = await Promise.all([
    data.add(account, 1, now + policy.forgottenAfter),
    data.add(address, 1, windowEnd),
    data.add("attempts/tenant", 1, windowEnd),
  ]);
  if (ofAddress > policy.perAddress || ofTenant > policy.perTenant) throw tooMany(policy.window);
  if (failures > policy.free) {
    // The lock is a counter that lives as long as the wait: whoever makes it 1 may pass, everybody else waits.
    const delay = Math.min(policy.firstDelay * 2 ** Math.min(failures - policy.free - 1, 40), policy.longestDelay);
    if ((await data.add(`attempts/wait/${accountKey}`, 1, now + delay)) > 1) throw tooMany(delay);
  }
  return {
    async succeeded() {
      await Promise.all([
        data.add(account, -failures, now + policy.forgottenAfter),
        data.add(address, -1, windowEnd),
        data.add("attempts/tenant", -1, windowEnd),
      ]);
    },
  };
}

/** Counts a flow that is started. Throws TOO_MANY_ATTEMPTS when one address starts too many. */
export async function countFlow(
  data: TenantStore,
  policy: AttemptPolicy,
  now: number,
  remoteAddress: string,
): Promise<void> {
  const started = await data.add(addressCounter("flows", remoteAddress), 1, now + policy.window);
  if (started > policy.flowsPerAddress) throw tooMany(policy.window);
}

/** One person has a whole /64 of IPv6, and counts as one. */
function addressCounter(kind: string, address: string): string {
  return `${kind}/address/${isIPv6(address) ? `${networkOf(address)}/64` : address || "unknown"}`;
}

/** The first four groups of an IPv6 address. */
function networkOf(address: string): string {
  const [plain = ""] = address.split("%");
  const [head = "", tail] = plain.split("::");
  const before = head.split(":").filter((group) => group !== "");
  const after = tail === undefined ? [] : tail.split(":").filter((group) => group !== "");
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

const tooMany = (wait: number) =>
  authFailure(AuthErrorReason.TOO_MANY_ATTEMPTS, "too many attempts; wait before the next one", {
    retryAfter: Math.ceil(wait / 1000),
  });
