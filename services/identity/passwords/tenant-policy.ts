import { create } from "@bufbuild/protobuf";
import {
  PasswordPolicySchema,
  type PasswordPolicy as StoredPolicy,
} from "#gen/koder/identity/store/v1/password_policy_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { passwordPolicies, passwordPolicyId } from "../collections.ts";

/** What a tenant asks of new passwords, every default filled in. Lengths in characters. */
export interface PasswordPolicy {
  readonly shortest: number;
  /** Of people of whom a second factor is always required. */
  readonly shortestWithMfa: number;
  readonly longest: number;
  readonly blockedWords: readonly string[];
  /** How many former passwords may not be chosen again. */
  readonly history: number;
}

/** NIST SP 800-63B-4 §3.1.1: at least 15 characters where the password may be the only factor; we take up to 256. */
export const usualLengths = { shortest: 15, longest: 256 } as const;

/** The policy of a tenant, from the store: passwords are set seldom. */
export const passwordPolicyOf = async (data: TenantStore): Promise<PasswordPolicy> =>
  policyWithDefaults((await data.get(passwordPolicies, passwordPolicyId))?.record);

/** A stored policy with its defaults; the default policy where none is stored. */
export function policyWithDefaults(stored: StoredPolicy = create(PasswordPolicySchema)): PasswordPolicy {
  const shortest = stored.minLength || usualLengths.shortest;
  return {
    shortest,
    shortestWithMfa: stored.minLengthWithMfa || shortest,
    longest: stored.maxLength || usualLengths.longest,
    blockedWords: stored.blockedWords,
    history: stored.history,
  };
}
