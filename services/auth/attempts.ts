import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { clientNetwork } from "../host/client-network.ts";
import { countAttemptInWindow, inWindow, takeFromCounter, type AttemptLimits } from "../host/windowed-attempts.ts";
import type { TenantStore } from "../store/store.ts";
import { authFailure } from "./auth-failure.ts";

/** How many attempts are let through. Times in milliseconds. */
export interface AttemptPolicy extends AttemptLimits {
  /** The failure in a row, of one account, after which the next attempt must first wait. */
  readonly firstWaitAt: number;
  /** That first wait; it doubles with each further failure, up to `longestWait`. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** Failures in a row after which no attempt is let through any more (NIST SP 800-63B-4 §3.2.2: at most 100). */
  readonly mostFailures: number;
  /** How long a row of failures is remembered that no success ends. */
  readonly remembered: number;
  /** Flows that one address may start within `window`. */
  readonly flowsPerAddress: number;
}

/** The limits of security.md; with them a stranger has at most 100 guesses at an account in a month. */
export const defaultAttemptPolicy: AttemptPolicy = {
  firstWaitAt: 5,
  firstWait: 1_000,
  longestWait: 15 * 60_000,
  mostFailures: 100,
  remembered: 30 * 86_400_000,
  perAddress: 100,
  perTenant: 10_000,
  flowsPerAddress: 600,
  window: 10 * 60_000,
};

/** Whose attempt it is. */
export interface Attempt {
  /** The account, or the name that no account has. */
  readonly accountKey: string;
  /** The account's epoch: whoever gets a new password from an administrator begins a new row of failures. */
  readonly userEpoch: bigint;
  readonly remoteAddress: string;
  /** The browser, where the account has signed in before: it has a row of failures of its own. */
  readonly knownDevice?: string | undefined;
}

/** An attempt that was counted and may be verified. */
export interface CountedAttempt {
  /** Takes it back, because it was no failure, and ends the account's row of failures. A wait under way runs out. */
  succeeded(): Promise<void>;
}

/**
 * Counts an attempt before anything of it is verified (security A7). Each attempt sees its own number, atomically, in the
 * store, so that attempts at the same moment, on whichever replica, cannot slip through together. Throws
 * TOO_MANY_ATTEMPTS when it must wait; it was counted all the same, but makes no wait longer: only what is verified does.
 *
 * A browser that the account has signed in from has a row of its own, with the same limits, and is not held up by what others
 * do: so nobody locks a person out by guessing, and whoever has their browser guesses no more than anybody.
 */
export async function countAttempt(
  data: TenantStore,
  policy: AttemptPolicy,
  clock: () => number,
  { accountKey, userEpoch, remoteAddress, knownDevice }: Attempt,
): Promise<CountedAttempt> {
  const now = clock();
  const row = `${accountKey}/${userEpoch}${knownDevice === undefined ? "" : `/${knownDevice}`}`;
  const [account, slowed] = [`attempts/account/${row}`, `attempts/slowed/${row}`];
  const forgotten = now + policy.remembered;
  const [ofAccount, windowed] = await Promise.all([
    data.add(account, 1, forgotten),
    countAttemptInWindow(data, "attempts", policy, now, remoteAddress),
  ]);
  if (windowed.isTooMany && knownDevice === undefined) throw tooMany(policy.window);
  const slowedAttempts = ofAccount < policy.firstWaitAt ? 0 : await passSlowly(data, policy, clock, row, slowed);
  return {
    async succeeded() {
      await Promise.all([
        takeFromCounter(data, account, ofAccount, forgotten),
        takeFromCounter(data, slowed, slowedAttempts, forgotten),
        windowed.takeBack(),
      ]);
    },
  };
}

/**
 * Lets one attempt through for each wait. The lock is a counter that lives as long as the wait: whoever makes it 1 passes.
 * Answers how many have passed so, this one included.
 */
async function passSlowly(
  data: TenantStore,
  policy: AttemptPolicy,
  clock: () => number,
  row: string,
  slowed: string,
): Promise<number> {
  const forgotten = clock() + policy.remembered;
  const mostSlowed = policy.mostFailures - policy.firstWaitAt + 1;
  const before = await data.add(slowed, 0, forgotten);
  if (before >= mostSlowed) throw tooMany(policy.longestWait);
  const wait = (passed: number) => Math.min(policy.firstWait * 2 ** Math.max(passed, 0), policy.longestWait);
  // From now: where a flood keeps the server busy, the clock of before would have the wait run out while it is counted.
  if ((await data.add(`attempts/wait/${row}`, 1, clock() + wait(before))) > 1) throw tooMany(wait(before - 1));
  const passed = await data.add(slowed, 1, forgotten);
  if (passed > mostSlowed) throw tooMany(policy.longestWait);
  return passed;
}

/** Counts a flow that is started. Throws TOO_MANY_ATTEMPTS when one address starts too many. */
export async function countFlow(
  data: TenantStore,
  policy: AttemptPolicy,
  now: number,
  remoteAddress: string,
): Promise<void> {
  const [counter, end] = inWindow(`flows/address/${clientNetwork(remoteAddress)}`, policy.window, now);
  if ((await data.add(counter, 1, end)) > policy.flowsPerAddress) throw tooMany(policy.window);
}

/** The answer to one attempt too many: the next makes sense after `wait` milliseconds. */
export const tooMany = (wait: number) =>
  authFailure(AuthErrorReason.TOO_MANY_ATTEMPTS, "too many attempts; wait before the next one", {
    retryAfter: Math.ceil(wait / 1000),
  });
