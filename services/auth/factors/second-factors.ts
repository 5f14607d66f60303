import type { Factor } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import type { Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { passkeysAmong } from "../passkeys/passkeys-among.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import type { SignInRules } from "../policy/effective-policy.ts";
import { factorsOfUser } from "./factors-of-user.ts";

/** The second factors that a person has added; recovery codes, which stand in for one, are none. */
export interface SecondFactors {
  /** Those that the policy allows and that can be shown here. */
  readonly allowed: ReadonlySet<SignInFactor>;
  /** Those that can be shown here, allowed or not. */
  readonly usable: ReadonlySet<SignInFactor>;
  /** Whether there is any: also a passkey for a host that the tenant had before, which can be shown nowhere. */
  readonly isAnyThere: boolean;
}

const kinds: ReadonlyMap<Factor["kind"]["case"], SignInFactor> = new Map([
  ["totp", SignInFactor.TOTP],
  ["emailOtp", SignInFactor.EMAIL_OTP],
  ["smsOtp", SignInFactor.SMS_OTP],
]);

type Needs = Pick<AuthDependencies, "store" | "tenants" | "policies">;

/** The second factors of a person. */
export async function secondFactorsOf(
  dependencies: Needs,
  call: Call,
  userId: string,
  { secondFactors }: Pick<SignInRules, "secondFactors">,
): Promise<SecondFactors> {
  const all = await factorsOfUser(dependencies.store.tenant(call.tenantId), userId);
  const passkeys = passkeysAmong(all);
  const relyingPartyId = passkeys.length === 0 ? "" : (await relyingPartyOf(dependencies, call, "own")).id;
  const isPasskeyUsable = passkeys.some(({ passkey }) => passkey.rpId === relyingPartyId);
  const usable = new Set([
    ...(isPasskeyUsable ? [SignInFactor.PASSKEY] : []),
    ...all.flatMap(({ record }) => kinds.get(record.kind.case) ?? []),
  ]);
  return { allowed: usable.intersection(secondFactors), usable, isAnyThere: all.length > 0 };
}

/**
 * Whether a second factor is taken of a person: one that is allowed. Where they have none such, one that they have is taken as well,
 * which speaks for them and does no more: a policy that allows fewer factors must not leave the password alone.
 */
export async function isSecondFactorTaken(
  dependencies: Needs,
  call: Call,
  userId: string,
  rules: Pick<SignInRules, "secondFactors">,
  factor: SignInFactor,
): Promise<boolean> {
  if (rules.secondFactors.has(factor)) return true;
  const { allowed, usable } = await secondFactorsOf(dependencies, call, userId, rules);
  return allowed.size === 0 && usable.has(factor);
}
