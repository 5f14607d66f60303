import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { contextWords, type PasswordOwner } from "./context-words.ts";
import { lengthOf, normalPassword, passwordFault, type PasswordFault, type PasswordRules } from "./password-fault.ts";
import { passwordPolicyOf, type PasswordPolicy } from "./tenant-policy.ts";

type Needs = Pick<IdentityDependencies, "store" | "tenants" | "peers">;

/** A password to be. */
export interface NewPassword {
  readonly password: string;
  readonly owner: PasswordOwner;
  /** Empty for somebody whose account is not there yet. */
  readonly userId: string;
}

/** A password that the tenant's policy allows. */
export interface AllowedPassword {
  /** As it is hashed. */
  readonly password: string;
  /** Whether it is too short to be the only factor. */
  readonly needsSecondFactor: boolean;
  readonly policy: PasswordPolicy;
}

/**
 * Checks a new password by the tenant's policy. Shorter ones are for people of whom a second factor is always required. Throws
 * PASSWORD_NOT_ALLOWED with the reason beside `field`. What they had before is for `checkNotUsedBefore` to say.
 */
export async function checkByPolicy(
  dependencies: Needs,
  call: Call,
  field: string,
  asked: NewPassword,
): Promise<AllowedPassword> {
  const password = normalPassword(asked.password);
  const { policy, rules } = await rulesFor(dependencies, call, { ...asked, password });
  const fault = passwordFault(password, rules);
  if (fault !== undefined) throw passwordNotAllowed(field, fault);
  return { password, needsSecondFactor: lengthOf(password) < policy.shortest, policy };
}

/** What a password of somebody is judged by. Whether a second factor is required of them is asked only where it matters. */
export async function rulesFor(
  { store, tenants, peers }: Needs,
  call: Call,
  { password, owner, userId }: NewPassword,
): Promise<{ readonly policy: PasswordPolicy; readonly rules: PasswordRules }> {
  const [policy, place] = await Promise.all([passwordPolicyOf(store.tenant(call.tenantId)), tenants.get(call)]);
  const { shortest, shortestWithMfa, longest, blockedWords } = policy;
  const isShort = shortestWithMfa < shortest && lengthOf(password) < shortest;
  const { required } = isShort
    ? await peers.client(SignInPolicyService).getSecondFactorRequirement({ userId }, forward(call))
    : { required: false };
  return {
    policy,
    rules: {
      shortest: required ? shortestWithMfa : shortest,
      longest,
      names: contextWords(owner, place),
      blockedWords: blockedWords.map((word) => word.normalize("NFKC").toLowerCase()),
    },
  };
}

/** The answer to a password that breaks a rule. */
export const passwordNotAllowed = (field: string, { rule, description, limit }: PasswordFault) =>
  identityFailure(IdentityErrorReason.PASSWORD_NOT_ALLOWED, `${field}: ${description}`, {
    violations: [{ field, description, reason: rule.toUpperCase() }],
    metadata: { rule, ...(limit === undefined ? {} : { limit: String(limit) }) },
  });
