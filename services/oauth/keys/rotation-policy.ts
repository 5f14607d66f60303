import { checkPolicy, type RotationPolicy } from "../../vault/signing-key-ring.ts";

/** What an operator may say of signing keys, in milliseconds. */
export interface SigningKeySettings {
  /** How long a key signs. */
  readonly signFor: number;
  /** How long relying parties may keep the key set: its `Cache-Control`. */
  readonly maxAge: number;
}

/** How long a process may go on with a tenant's keys that it read before, in milliseconds. */
export const staleFor = 5_000;
/** How long the gateway and other services may go on with the key set that they were given, in milliseconds. */
export const mayBeRemembered = 5_000;
/** By how much the clocks of two machines may differ, in milliseconds. */
const clockDifference = 5_000;

const day = 86_400_000;

/**
 * How long the public half of a key is kept after it signed last, for id tokens that come back as hints, in milliseconds:
 * as long as a browser session may last by the policy of sign-ins at most.
 */
export const keptForHints = 400 * day;

/**
 * How signing keys follow one another, and why:
 * - a key signs for `signFor`, 90 days unless set: what was taken from a backup or a log is worth nothing by then;
 * - by schedule its successor is published a week before it signs, or a quarter of `signFor` where that is less: for
 *   relying parties that keep key sets longer than they are told;
 * - by command it is published for as long as one can be kept by the rules: `maxAge`, after the remembered list and the
 *   remembered answer that it may have come from, and the difference of two clocks;
 * - it stays published for a day after it signed last, or as long as the longest token lives: for whoever verifies late.
 *   It costs nothing: the private half is destroyed when it stops signing.
 */
export function rotationPolicy({ signFor, maxAge }: SigningKeySettings, longestToken: number): RotationPolicy {
  const publishAtLeast = maxAge + staleFor + mayBeRemembered + clockDifference;
  const policy: RotationPolicy = {
    signFor,
    publishAtLeast,
    publishAhead: Math.max(publishAtLeast, Math.min(7 * day, signFor / 4)),
    longestToken: Math.max(day, longestToken),
    staleFor,
  };
  checkPolicy(policy);
  return policy;
}
