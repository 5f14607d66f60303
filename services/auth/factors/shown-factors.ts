import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { everySecondFactor } from "../policy/effective-policy.ts";

/** The factors that a sign-in has shown, as they are kept with it. */
export interface KeptFactors {
  /** Numbers of SignInFactor; 0 where it was not kept. */
  readonly firstFactor: number;
  readonly secondFactors: readonly number[];
  /** Authentication methods that succeeded (RFC 8176), from which they are told where they were not kept. */
  readonly amr: readonly string[];
}

/** The factors that a sign-in has shown. */
export interface ShownFactors {
  /** Undefined before there was any. */
  readonly first: SignInFactor | undefined;
  /** Each second one, as those that it may have been: one, where that was kept. */
  readonly second: readonly (readonly SignInFactor[])[];
}

/** What was shown. Of a sign-in that did not keep it `otp` may have been any of three: it then counts where all of them do. */
export function shownFactors({ firstFactor, secondFactors, amr }: KeptFactors): ShownFactors {
  if (firstFactor !== 0) {
    return { first: firstFactor as SignInFactor, second: secondFactors.map((one) => [one as SignInFactor]) };
  }
  const has = (...methods: readonly string[]): boolean => methods.some((method) => amr.includes(method));
  const isByPasskey = has("hwk", "swk");
  if (!has("pwd")) return { first: isByPasskey ? SignInFactor.PASSKEY : undefined, second: [] };
  const codes = [SignInFactor.TOTP, SignInFactor.EMAIL_OTP, SignInFactor.RECOVERY_CODE];
  return {
    first: SignInFactor.PASSWORD,
    second: [
      ...(isByPasskey ? [[SignInFactor.PASSKEY]] : []),
      ...(has("sms") ? [[SignInFactor.SMS_OTP]] : []),
      ...(has("otp") ? [codes] : []),
    ],
  };
}

/**
 * Whether a second factor was shown that is among those that are allowed. A passkey in the place of the password is two in one, because
 * its authenticator has verified its user.
 */
export const isSecondFactorShown = ({ first, second }: ShownFactors, allowed: ReadonlySet<SignInFactor>): boolean =>
  first === SignInFactor.PASSKEY || second.some((oneOf) => oneOf.every((factor) => allowed.has(factor)));

/** Whether any second factor was shown, allowed or not: then more than the password speaks for the person. */
export const isAnyShown = ({ first, second }: ShownFactors): boolean =>
  first === SignInFactor.PASSKEY || second.length > 0;

/**
 * What was shown in a session of before. In a remembered browser it may have been any of those that were allowed then; of a session that
 * did not keep which, any at all: it counts where all of them are allowed.
 */
export function shownInSession(kept: KeptFactors, isRemembered: boolean): ShownFactors {
  const shown = shownFactors(kept);
  if (!isRemembered) return shown;
  return { ...shown, second: [kept.firstFactor === 0 ? [...everySecondFactor] : shown.second.flat()] };
}
