import type { Factor } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import type { Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { passkeysAmong } from "../passkeys/passkeys-among.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import type { SignInRules } from "../policy/effective-policy.ts";
import { factorsOfUser } from "./factors-of-user.ts";

/** Which second factors a person can show. */
export interface SecondFactors {
  readonly totp: boolean;
  readonly passkey: boolean;
  readonly emailOtp: boolean;
  readonly smsOtp: boolean;
}

/**
 * The second factors of a person that are of use, and allowed: a passkey for a host that the tenant had before is of none, and must not be
 * asked for.
 */
export async function secondFactorsOf(
  dependencies: Pick<AuthDependencies, "store" | "tenants" | "policies">,
  call: Call,
  userId: string,
  { secondFactors }: Pick<SignInRules, "secondFactors">,
): Promise<SecondFactors> {
  const all = await factorsOfUser(dependencies.store.tenant(call.tenantId), userId);
  const passkeys = passkeysAmong(all);
  const relyingPartyId = passkeys.length === 0 ? "" : (await relyingPartyOf(dependencies, call, "own")).id;
  const has = (kind: Factor["kind"]["case"], allowed: SignInFactor): boolean =>
    secondFactors.has(allowed) && all.some(({ record }) => record.kind.case === kind);
  return {
    totp: has("totp", SignInFactor.TOTP),
    emailOtp: has("emailOtp", SignInFactor.EMAIL_OTP),
    smsOtp: has("smsOtp", SignInFactor.SMS_OTP),
    passkey: secondFactors.has(SignInFactor.PASSKEY) && passkeys.some(({ passkey }) => passkey.rpId === relyingPartyId),
  };
}

/** Whether there is any. */
export const hasSecondFactor = ({ totp, passkey, emailOtp, smsOtp }: SecondFactors): boolean =>
  totp || passkey || emailOtp || smsOtp;
