import { expect, test } from "vitest";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { everySecondFactor } from "../policy/effective-policy.ts";
import { isAnyShown, isSecondFactorShown, shownFactors, shownInSession } from "./shown-factors.ts";

const { PASSWORD, PASSKEY, TOTP, EMAIL_OTP, SMS_OTP, RECOVERY_CODE } = SignInFactor;
const notKept = (...amr: string[]) => ({ firstFactor: 0, secondFactors: [], amr });

test("A15: what was kept counts where it is allowed, whatever amr says", () => {
  const shown = shownFactors({ firstFactor: PASSWORD, secondFactors: [TOTP], amr: ["pwd", "otp", "mfa"] });
  expect(isSecondFactorShown(shown, new Set([TOTP]))).toBe(true);
  expect(isSecondFactorShown(shown, new Set([PASSKEY, EMAIL_OTP]))).toBe(false);
  expect(isAnyShown(shown)).toBe(true);
});

test.for([
  [["pwd"], PASSWORD, []],
  [["pwd", "hwk", "user", "mfa"], PASSWORD, [[PASSKEY]]],
  [["pwd", "sms", "mfa"], PASSWORD, [[SMS_OTP]]],
  [["pwd", "otp", "mfa"], PASSWORD, [[TOTP, EMAIL_OTP, RECOVERY_CODE]]],
  [["swk", "user", "mfa"], PASSKEY, []],
  [[], undefined, []],
] as const)("of what was not kept amr tells: %s", ([amr, first, second]) => {
  expect(shownFactors(notKept(...amr))).toEqual({ first, second });
});

test("A15: a code of which it is not known what it was counts where all of them are allowed", () => {
  const shown = shownFactors(notKept("pwd", "otp", "mfa"));
  expect(isSecondFactorShown(shown, new Set([TOTP, EMAIL_OTP, RECOVERY_CODE]))).toBe(true);
  expect(isSecondFactorShown(shown, new Set([TOTP]))).toBe(false);
});

test("A15: a remembered browser counts where everything is allowed by which it may have been remembered", () => {
  const kept = { firstFactor: PASSWORD, secondFactors: [TOTP, PASSKEY], amr: ["pwd"] };
  expect(isSecondFactorShown(shownInSession(kept, true), new Set([TOTP, PASSKEY, SMS_OTP]))).toBe(true);
  expect(isSecondFactorShown(shownInSession(kept, true), new Set([PASSKEY]))).toBe(false);
  expect(isSecondFactorShown(shownInSession(notKept("pwd"), true), new Set([TOTP, PASSKEY]))).toBe(false);
  expect(isSecondFactorShown(shownInSession(notKept("pwd"), true), everySecondFactor)).toBe(true);
});
