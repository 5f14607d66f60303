import { MfaRequirement } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { acr } from "../flows/acr.ts";

/** What is known when it is decided about a second factor. */
export interface SecondFactorCase {
  readonly requirement: MfaRequirement;
  /** Whether the client asks for one. */
  readonly isWanted: boolean;
  /** Whether the person has one. */
  readonly isThere: boolean;
}

/**
 * What a sign-in asks for beside the first factor: a second one, that the person adds one, or nothing. The one place where
 * that is decided, for new sign-ins and for sessions of before (security A15).
 */
export function secondFactorNeed({ requirement, isWanted, isThere }: SecondFactorCase): "show" | "add" | "nothing" {
  if (isThere) return requirement === MfaRequirement.NEVER && !isWanted ? "nothing" : "show";
  return requirement === MfaRequirement.REQUIRED ? "add" : "nothing";
}

/**
 * Whether a session in which one factor was shown must be followed by a sign-in with two. Where a second one is optional, the
 * session of before it was added goes on.
 */
export const isAnotherSignInNeeded = ({ requirement, isWanted, isThere }: SecondFactorCase): boolean =>
  requirement === MfaRequirement.REQUIRED || (isWanted && isThere);

/**
 * Whether a client that asks for these classes asks for a second factor: it names that class, and not one that a first factor
 * reaches as well. Classes that nobody here reaches are no wish that could be met.
 */
export const isSecondFactorWanted = (acrValues: readonly string[]): boolean =>
  acrValues.includes(acr.severalFactors) && !acrValues.includes(acr.oneFactor);
