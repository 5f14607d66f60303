import type { ConnectError } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { clientNetwork } from "../host/client-network.ts";
import { attemptInWindow, oneInWindow, takeFromCounters, type AttemptLimits } from "../host/windowed-attempts.ts";
import type { Addition, TenantStore } from "../store/store.ts";
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

/** The limits that docs/configuration.md tells of; with them a stranger has at most 100 guesses at an account in a month. */
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
  /** The name that was typed, where nobody may learn yet whether anybody has it: then it is the name that is seen to wait. */
  readonly nameKey?: string | undefined;
  /** The account's epoch: whoever gets a new password from an administrator begins a new row of failures. */
  readonly userEpoch: bigint;
  readonly remoteAddress: string;
  /** The browser, where the account has signed in before: it has a row of failures of its own. */
  readonly knownDevice?: string | undefined;
  /** Whether a flow begins with it, which is counted, too. */
  readonly beginsFlow?: boolean;
}

/** An attempt that was counted and may be verified. */
export interface CountedAttempt {
  /**
   * Whether the account must wait although the name need not, for guesses at another name of its own: then nothing of it may be
   * verified, and the answer is that to a wrong one, for the same work (security A23).
   */
  readonly isHeldUp: boolean;
  /** Takes it back, because it was no failure, and ends the account's row of failures. A wait under way runs out. */
  succeeded(): Promise<void>;
}

/**
 * Counts an attempt before anything of it is verified (security A7). Each attempt sees its own number, atomically, in the
 * store, so that attempts at the same moment, on whichever replica, cannot slip through together. Throws
 * TOO_MANY_ATTEMPTS when it must wait; it was counted all the same, but makes no wait longer: only what is verified does. Throws
 * ATTEMPTS_USED_UP when no more is let through, until the account's epoch changes or the row is forgotten.
 *
 * Where only a name was given, the row of failures that is seen is the name's, whoever has it: two names of one account that
 * waited together would tell that it is there (security A23). The account has a row beside it, for guesses that are spread over
 * its names. It lets one failure more through before it waits, so that whoever uses one name only is never held up by it.
 *
 * A browser that the account has signed in from has a row of its own, with the same limits, and is not held up by what others
 * do: so nobody locks a person out by guessing, and whoever has their browser guesses no more than anybody. It knows the account.
 */
export async function countAttempt(
  data: TenantStore,
  policy: AttemptPolicy,
  clock: () => number,
  { accountKey, nameKey, userEpoch, remoteAddress, knownDevice, beginsFlow = false }: Attempt,
): Promise<CountedAttempt> {
  const device = knownDevice === undefined ? "" : `/${knownDevice}`;
  const ofAccount = `${accountKey}/${userEpoch}${device}`;
  const ofName = nameKey === undefined ? undefined : `name/${nameKey}/${userEpoch}${device}`;
  // A browser that is known sees the account's; the name's holds it up never, and is counted for the same work.
  const [first, second] = ofName === undefined || knownDevice !== undefined ? [ofAccount, ofName] : [ofName, ofAccount];
  const later = { ...policy, firstWaitAt: policy.firstWaitAt + 1 };
  const seen = attemptInRow(data, policy, clock, first);
  const unseen = second === undefined ? undefined : attemptInRow(data, later, clock, second);
  const inWindow = attemptInWindow(data, "attempts", policy, clock(), remoteAddress);
  // All in one go: it is one transaction of the store.
  const [ofAddress = Infinity, ofTenant = Infinity, ofSeen = Infinity, ...others] = await data.addAll([
    ...inWindow.additions,
    seen.addition,
    ...(unseen === undefined ? [] : [unseen.addition]),
    ...(beginsFlow ? [flowOf(policy, clock(), remoteAddress)] : []),
  ]);
  const windowed = await inWindow.counted(ofAddress, ofTenant);
  if (beginsFlow && (others.at(-1) ?? Infinity) > policy.flowsPerAddress) throw tooMany(policy.window);
  if (windowed.isTooMany && knownDevice === undefined) throw tooMany(policy.window);
  const bySeen = await seen.counted(ofSeen);
  if (bySeen.refusal !== undefined) throw bySeen.refusal;
  const byUnseen = await unseen?.counted(others[0] ?? Infinity);
  return {
    isHeldUp: byUnseen?.refusal !== undefined,
    succeeded: () => takeFromCounters(data, [...bySeen.takeBack, ...(byUnseen?.takeBack ?? []), ...windowed.takeBack]),
  };
}

/** An attempt that was counted in a row of failures. */
interface CountedInRow {
  /** Why it may not pass: TOO_MANY_ATTEMPTS or ATTEMPTS_USED_UP; undefined where it does. */
  readonly refusal: ConnectError | undefined;
  /** The row of failures that this one is the last of, for `takeFromCounters`. */
  readonly takeBack: readonly Addition[];
}

/** An attempt in a row of failures: what counts it, and what it is with the value that this came to. */
function attemptInRow(data: TenantStore, policy: AttemptPolicy, clock: () => number, row: string) {
  const expiresAt = clock() + policy.remembered;
  const [counter, slowed] = [`attempts/account/${row}`, `attempts/slowed/${row}`];
  return {
    addition: { counter, n: 1, expiresAt },
    async counted(attempts: number): Promise<CountedInRow> {
      const ofRow = { counter, n: attempts, expiresAt };
      if (attempts < policy.firstWaitAt) return { refusal: undefined, takeBack: [ofRow] };
      const { passed, refusal } = await passSlowly(data, policy, clock, row, slowed);
      return { refusal, takeBack: [ofRow, { counter: slowed, n: passed, expiresAt }] };
    },
  };
}

/**
 * Lets one attempt through for each wait. The lock is a counter that lives as long as the wait: whoever makes it 1 passes.
 * Answers how many have passed so, this one included, or 0 and why it may not.
 */
async function passSlowly(
  data: TenantStore,
  policy: AttemptPolicy,
  clock: () => number,
  row: string,
  slowed: string,
): Promise<{ readonly passed: number; readonly refusal?: ConnectError }> {
  const refused = (refusal: ConnectError) => ({ passed: 0, refusal });
  const forgotten = clock() + policy.remembered;
  const mostSlowed = policy.mostFailures - policy.firstWaitAt + 1;
  const before = await data.add(slowed, 0, forgotten);
  if (before >= mostSlowed) return refused(usedUp());
  const wait = (passed: number) => Math.min(policy.firstWait * 2 ** Math.max(passed, 0), policy.longestWait);
  // From now: where a flood keeps the server busy, the clock of before would have the wait run out while it is counted.
  if ((await data.add(`attempts/wait/${row}`, 1, clock() + wait(before))) > 1)
    return refused(tooMany(wait(before - 1)));
  const passed = await data.add(slowed, 1, forgotten);
  return passed > mostSlowed ? refused(usedUp()) : { passed };
}

/** Counts a flow that is started. Throws TOO_MANY_ATTEMPTS when one address starts too many. */
export async function countFlow(
  data: TenantStore,
  policy: AttemptPolicy,
  now: number,
  remoteAddress: string,
): Promise<void> {
  const { counter, n, expiresAt } = flowOf(policy, now, remoteAddress);
  if ((await data.add(counter, n, expiresAt)) > policy.flowsPerAddress) throw tooMany(policy.window);
}

/** A flow that an address starts. */
const flowOf = ({ window }: AttemptPolicy, now: number, remoteAddress: string): Addition =>
  oneInWindow(`flows/address/${clientNetwork(remoteAddress)}`, window, now);

/** The answer to one attempt too many: the next makes sense after `wait` milliseconds. */
export const tooMany = (wait: number) =>
  authFailure(AuthErrorReason.TOO_MANY_ATTEMPTS, "too many attempts; wait before the next one", {
    retryAfter: Math.ceil(wait / 1000),
  });

/** The answer once no attempt is let through any more, however long they wait. */
const usedUp = () =>
  authFailure(
    AuthErrorReason.ATTEMPTS_USED_UP,
    "as many wrong attempts in a row as are let through; choose a new password by mail, or ask an administrator to set one",
  );
