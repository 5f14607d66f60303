import { create } from "@bufbuild/protobuf";
import {
  PasswordPolicySchema,
  type PasswordPolicy as StoredPolicy,
} from "#gen/koder/identity/store/v1/password_policy_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { LogEntry, Store, TenantStore } from "../../store/store.ts";
import { passwordPolicies, passwordPolicyId } from "../collections.ts";
import type { Argon2Parameters } from "./argon2.ts";

/** What a tenant asks of new passwords, every default filled in. Lengths in characters. */
export interface PasswordPolicy {
  readonly shortest: number;
  /** Of people of whom a second factor is always required. */
  readonly shortestWithMfa: number;
  readonly longest: number;
  readonly blockedWords: readonly string[];
  /** How many former passwords may not be chosen again. */
  readonly history: number;
  /** How hashes are made; less than the usual parameters counts for nothing. */
  readonly argon2: Argon2Parameters;
}

/** NIST SP 800-63B-4 §3.1.1: at least 15 characters where the password may be the only factor; we take up to 256. */
export const usualLengths = { shortest: 15, longest: 256 } as const;

/** The policy of a tenant, from the store, for passwords that are set: that is seldom. */
export const passwordPolicyOf = async (data: TenantStore): Promise<PasswordPolicy> =>
  policyWithDefaults((await data.get(passwordPolicies, passwordPolicyId))?.record);

/** The policies of every tenant, each remembered for at most five seconds: every sign-in reads how its hash is made. */
export interface PasswordPolicies {
  get(tenantId: string): Promise<PasswordPolicy>;
  /** Looks at the store the next time: the policy was changed. */
  readonly forget: (tenantId: string) => void;
  /** The same, as the event log tells of it. */
  readonly forgetChanged: (entry: LogEntry) => void;
}

/** Policies over a bounded cache. What it gives is shared: it must not be changed. `clock` in milliseconds. */
export function createPasswordPolicies({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: () => number;
}): PasswordPolicies {
  const cache = createBoundedCache<PasswordPolicy>({ maxEntries: 10_000, ttl: 5_000, clock });
  const forget = (tenantId: string): void => cache.delete(tenantId);
  return {
    get: (tenantId) => cache.get(tenantId, () => passwordPolicyOf(store.tenant(tenantId))),
    forget,
    forgetChanged: ({ tenantId, event: { resourceType } }) => {
      if (resourceType === "password_policy") forget(tenantId);
    },
  };
}

/** A stored policy with its defaults; the default policy where none is stored. */
export function policyWithDefaults(stored: StoredPolicy = create(PasswordPolicySchema)): PasswordPolicy {
  const shortest = stored.minLength || usualLengths.shortest;
  return {
    shortest,
    shortestWithMfa: stored.minLengthWithMfa || shortest,
    longest: stored.maxLength || usualLengths.longest,
    blockedWords: stored.blockedWords,
    history: stored.history,
    argon2: {
      memoryCost: stored.hashMemoryKib,
      timeCost: stored.hashIterations,
      parallelism: 1,
    },
  };
}
