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

/** What is sent to people at all. */
export interface Sent {
  readonly sms: boolean;
  readonly mails: boolean;
}

/**
 * Why nobody could sign in by a policy, or nobody of a group, or nobody to a client; undefined where people can. Looked at before it
 * is kept, for the tenant, each group, each client, and each group with each client.
 * Codes by SMS and by mail are a factor where any are sent, and an address is verified where mails are.
 */
export function lockoutOf(policy: AuthenticationPolicy, sent: Sent): Lockout | undefined {
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
    const found = lockoutBy(strictest(policy.rules, ...more), sent);
    if (found !== undefined) return { path: `${path}${found.path}`, description: found.description };
  }
  const { rules, signUpAllowed } = policy;
  return signUpAllowed && !rules.firstFactors.has(SignInFactor.PASSWORD)
    ? { path: "first_factors", description: "must have PASSWORD where people open accounts, which get one" }
    : undefined;
}

function lockoutBy({ mfa, firstFactors, secondFactors, verifiedEmail }: SignInRules, sent: Sent): Lockout | undefined {
  if (firstFactors.size === 0) {
    return {
      path: "first_factors",
      description: "must leave a way to begin a sign-in, together with what else counts",
    };
  }
  if (verifiedEmail && !sent.mails) {
    return {
      path: "verified_email_required",
      description: "needs mails that go out: neither the tenant nor the instance has a mail server",
    };
  }
  const isRequired = mfa === MfaRequirement.REQUIRED && firstFactors.has(SignInFactor.PASSWORD);
  // By people without any when they sign in; codes by mail by those whose address is verified.
  const canBeAdded = [
    SignInFactor.TOTP,
    SignInFactor.PASSKEY,
    ...(sent.mails ? [SignInFactor.EMAIL_OTP] : []),
    ...(sent.sms ? [SignInFactor.SMS_OTP] : []),
  ];
  return isRequired && !canBeAdded.some((factor) => secondFactors.has(factor))
    ? {
        path: "second_factors",
        description:
          "must have TOTP, PASSKEY, or, where mails and SMS are sent, EMAIL_OTP or SMS_OTP where a second factor is required: only those can be added at a sign-in",
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
