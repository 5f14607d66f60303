import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  AuthenticationPolicySchema,
  type AndroidApp as StoredAndroidApp,
  type AuthenticationPolicy as StoredPolicy,
} from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import {
  MfaRequirement,
  PasskeyUserVerification,
  type SignInFactor,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { Call } from "../../host/call.ts";
import type { Store } from "../../store/store.ts";
import type { AttemptPolicy } from "../attempts.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";
import { everyFirstFactor, everySecondFactor, type MoreRules, type SignInRules } from "./effective-policy.ts";

/** What a tenant asks of the sign-ins of its people, every default filled in. */
export interface AuthenticationPolicy {
  /** What is asked of everybody. */
  readonly rules: SignInRules;
  /** What is asked for beyond that, by the ids of groups and of clients. */
  readonly rulesOfGroups: ReadonlyMap<string, MoreRules>;
  readonly rulesOfClients: ReadonlyMap<string, MoreRules>;
  /** The clients that may sign people in outside of the sign-in pages. */
  readonly directFlows: ReadonlySet<string>;
  /** Whether people may open accounts by themselves. */
  readonly signUpAllowed: boolean;
  readonly passkeyUserVerification: PasskeyUserVerification;
  /** Origins of other pages that may ask for passkeys. */
  readonly passkeyRelatedOrigins: readonly string[];
  /** Android apps that may, too. */
  readonly passkeyAndroidApps: readonly StoredAndroidApp[];
  /** The version of the terms that everybody must have accepted; empty for none. */
  readonly termsVersion: string;
  /** Limits on wrong attempts at one account, as far as they are others than the usual ones. */
  readonly attempts: Partial<Pick<AttemptPolicy, "firstWaitAt" | "mostFailures">>;
}

/** The policies of every tenant, each remembered for at most five seconds. */
export interface AuthenticationPolicies {
  get(call: Pick<Call, "tenantId">): Promise<AuthenticationPolicy>;
  /** Looks at the store the next time: the policy was changed. */
  readonly forget: (tenantId: string) => void;
}

const remembered = { maxEntries: 10_000, ttl: 5_000 };

/** Policies over a bounded cache. What it gives is shared: it must not be changed. `clock` in milliseconds. */
export function createAuthenticationPolicies({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: () => number;
}): AuthenticationPolicies {
  const cache = createBoundedCache<AuthenticationPolicy>({ ...remembered, clock });
  return {
    get: ({ tenantId }) =>
      cache.get(tenantId, async () =>
        policyWithDefaults((await store.tenant(tenantId).get(authenticationPolicies, authenticationPolicyId))?.record),
      ),
    forget: (tenantId) => cache.delete(tenantId),
  };
}

/** The part that the policy of a tenant and its overrides have in common. */
type StoredRules = Pick<
  StoredPolicy,
  | "mfa"
  | "firstFactors"
  | "secondFactors"
  | "sessionLifetime"
  | "sessionIdleLifetime"
  | "rememberedDeviceLifetime"
  | "verifiedEmailRequired"
>;

const defaultSessionLifetime = 12 * 3_600_000;

/** A stored policy with its defaults; the default policy where none is stored. */
export function policyWithDefaults(stored: StoredPolicy = create(AuthenticationPolicySchema)): AuthenticationPolicy {
  return {
    rules: {
      mfa: MfaRequirement.OPTIONAL,
      firstFactors: everyFirstFactor,
      secondFactors: everySecondFactor,
      rememberedFor: 0,
      sessionLifetime: defaultSessionLifetime,
      idleLifetime: undefined,
      verifiedEmail: false,
      ...moreRules(stored),
    },
    rulesOfGroups: new Map(stored.groupOverrides.map((override) => [override.groupId, moreRules(override)])),
    rulesOfClients: new Map(stored.clientOverrides.map((override) => [override.clientId, moreRules(override)])),
    directFlows: new Set(stored.clientOverrides.flatMap(({ clientId, directFlows }) => (directFlows ? clientId : []))),
    signUpAllowed: stored.signUpAllowed,
    passkeyUserVerification:
      (stored.passkeyUserVerification as PasskeyUserVerification) || PasskeyUserVerification.PREFERRED,
    passkeyRelatedOrigins: stored.passkeyRelatedOrigins,
    passkeyAndroidApps: stored.passkeyAndroidApps,
    termsVersion: stored.termsVersion,
    attempts: {
      ...(stored.attemptsBeforeWait === 0 ? {} : { firstWaitAt: stored.attemptsBeforeWait }),
      ...(stored.maxAttempts === 0 ? {} : { mostFailures: stored.maxAttempts }),
    },
  };
}

/** What an override, or the policy itself, says of sign-ins; nothing of what it leaves out. */
function moreRules({
  mfa,
  firstFactors,
  secondFactors,
  sessionLifetime,
  rememberedDeviceLifetime,
  sessionIdleLifetime,
  verifiedEmailRequired,
}: StoredRules): MoreRules {
  return {
    ...(mfa === 0 ? {} : { mfa: mfa as MfaRequirement }),
    ...(firstFactors.length === 0 ? {} : { firstFactors: new Set(firstFactors as SignInFactor[]) }),
    ...(secondFactors.length === 0 ? {} : { secondFactors: new Set(secondFactors as SignInFactor[]) }),
    ...(sessionLifetime === undefined ? {} : { sessionLifetime: durationMs(sessionLifetime) }),
    ...(rememberedDeviceLifetime === undefined ? {} : { rememberedFor: durationMs(rememberedDeviceLifetime) }),
    ...(sessionIdleLifetime === undefined ? {} : { idleLifetime: durationMs(sessionIdleLifetime) }),
    ...(verifiedEmailRequired ? { verifiedEmail: true } : {}),
  };
}
