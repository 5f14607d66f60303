import { MfaRequirement, SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { factors } from "../collections.ts";
import { passkeysAmong } from "../passkeys/passkeys-among.ts";
import type { AuthenticationPolicy } from "./authentication-policies.ts";
import {
  everyFirstFactor,
  everySecondFactor,
  strictest,
  type MoreRules,
  type SignInRules,
} from "./effective-policy.ts";

/** A field of a policy, and why nobody could sign in by it. */
export interface Lockout {
  readonly path: string;
  readonly description: string;
}

/** Second factors that people without any can add when they sign in; codes by mail by those whose address is verified. */
const added = [SignInFactor.TOTP, SignInFactor.PASSKEY, SignInFactor.EMAIL_OTP] as const;

/**
 * Why nobody could sign in by a policy, or nobody of a group, or nobody to a client; undefined where people can. Looked at before it
 * is kept, for the tenant, each group, each client, and each group with each client.
 * Codes by SMS are a factor where any are sent.
 */
export function lockoutOf(policy: AuthenticationPolicy, smsAvailable: boolean): Lockout | undefined {
  const cases = [
    { path: "", more: [] as readonly MoreRules[] },
    ...[...policy.rulesOfGroups.values()].map((more, at) => ({ path: `group_overrides[${at}].`, more: [more] })),
    ...[...policy.rulesOfClients.values()].flatMap((ofClient, at) => [
      { path: `client_overrides[${at}].`, more: [ofClient] },
      ...[...policy.rulesOfGroups.values()].map((ofGroup) => ({
        path: `client_overrides[${at}].`,
        more: [ofGroup, ofClient],
      })),
    ]),
  ];
  for (const { path, more } of cases) {
    const found = lockoutBy(strictest(policy.rules, ...more), smsAvailable);
    if (found !== undefined) return { path: `${path}${found.path}`, description: found.description };
  }
  const { rules, signUpAllowed } = policy;
  return signUpAllowed && !rules.firstFactors.has(SignInFactor.PASSWORD)
    ? { path: "first_factors", description: "must have PASSWORD where people open accounts, which get one" }
    : undefined;
}

function lockoutBy({ mfa, firstFactors, secondFactors }: SignInRules, smsAvailable: boolean): Lockout | undefined {
  if (firstFactors.size === 0) {
    return {
      path: "first_factors",
      description: "must leave a way to begin a sign-in, together with what else counts",
    };
  }
  const isRequired = mfa === MfaRequirement.REQUIRED && firstFactors.has(SignInFactor.PASSWORD);
  const canBeAdded = smsAvailable ? [...added, SignInFactor.SMS_OTP] : added;
  return isRequired && !canBeAdded.some((factor) => secondFactors.has(factor))
    ? {
        path: "second_factors",
        description:
          "must have TOTP, PASSKEY, EMAIL_OTP or, where the instance sends SMS, SMS_OTP where a second factor is required: only those can be added at a sign-in",
      }
    : undefined;
}

/** Names of factors that cannot be where they stand; undefined where all can. */
export function misplacedFactors(
  firstFactors: readonly SignInFactor[],
  secondFactors: readonly SignInFactor[],
): Lockout | undefined {
  if (firstFactors.some((one) => !everyFirstFactor.has(one))) {
    return { path: "first_factors", description: "must be of PASSWORD and PASSKEY" };
  }
  return secondFactors.some((one) => !everySecondFactor.has(one))
    ? { path: "second_factors", description: "must be of PASSKEY, TOTP, EMAIL_OTP, SMS_OTP and RECOVERY_CODE" }
    : undefined;
}

/**
 * Whether anybody of the tenant could sign in by a passkey alone: has one for its present host, that verified its user. Looked for
 * among some hundreds only: a tenant whose people use passkeys has one there.
 */
export async function hasPasskey(data: TenantStore, relyingPartyId: string): Promise<boolean> {
  const { items } = await data.page(factors, { index: "credential", prefix: "", limit: 500 });
  return passkeysAmong(items).some(({ passkey }) => passkey.rpId === relyingPartyId && passkey.userVerified);
}
