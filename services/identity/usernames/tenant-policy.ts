import { create } from "@bufbuild/protobuf";
import {
  UsernamePolicySchema,
  type UsernamePolicy as StoredPolicy,
} from "#gen/koder/identity/store/v1/username_policy_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { usernamePolicies, usernamePolicyId } from "../collections.ts";

/** Which usernames a tenant takes, every default filled in. */
export interface UsernamePolicy {
  /** In characters. */
  readonly longest: number;
  /** Specials beside `-` and `.`, each once. */
  readonly extraCharacters: string;
  readonly isLeadingDigitAllowed: boolean;
}

/** Up to 20 characters, unless the tenant says otherwise. */
export const usualLongest = 20;

/** The policy of a tenant, from the store: names are given seldom. */
export const usernamePolicyOf = async (data: TenantStore): Promise<UsernamePolicy> =>
  policyWithDefaults((await data.get(usernamePolicies, usernamePolicyId))?.record);

/** A stored policy with its defaults; the default policy where none is stored. */
export const policyWithDefaults = (stored: StoredPolicy = create(UsernamePolicySchema)): UsernamePolicy => ({
  longest: stored.maxLength || usualLongest,
  extraCharacters: [...new Set(stored.extraCharacters)].join(""),
  isLeadingDigitAllowed: stored.leadingDigitAllowed,
});
