import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  AuthenticationPolicySchema,
  type AuthenticationPolicy as StoredPolicy,
} from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import { MfaRequirement, PasskeyUserVerification } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { Call } from "../../host/call.ts";
import type { Store } from "../../store/store.ts";
import type { AttemptPolicy } from "../attempts.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";

/** What a tenant asks of the sign-ins of its people, every default filled in. */
export interface AuthenticationPolicy {
  readonly mfa: MfaRequirement;
  /** By the ids of the clients for which it is otherwise. */
  readonly mfaOfClients: ReadonlyMap<string, MfaRequirement>;
  /** The clients that may sign people in outside of the sign-in pages. */
  readonly directFlows: ReadonlySet<string>;
  /** Milliseconds. */
  readonly sessionLifetime: number;
  /** Whether people may open accounts by themselves. */
  readonly signUpAllowed: boolean;
  readonly passkeyUserVerification: PasskeyUserVerification;
  /** Origins of other pages that may ask for passkeys. */
  readonly passkeyRelatedOrigins: readonly string[];
  /** For how long a browser may be remembered, in milliseconds; 0 for not at all. */
  readonly rememberedFor: number;
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

const defaultSessionLifetime = 12 * 3_600_000;

/** A stored policy with its defaults; the default policy where none is stored. */
export function policyWithDefaults(stored: StoredPolicy = create(AuthenticationPolicySchema)): AuthenticationPolicy {
  return {
    mfa: (stored.mfa as MfaRequirement) || MfaRequirement.OPTIONAL,
    mfaOfClients: new Map(
      stored.clientOverrides.flatMap(({ clientId, mfa }) => (mfa === 0 ? [] : [[clientId, mfa as MfaRequirement]])),
    ),
    directFlows: new Set(stored.clientOverrides.flatMap(({ clientId, directFlows }) => (directFlows ? clientId : []))),
    sessionLifetime: stored.sessionLifetime === undefined ? defaultSessionLifetime : durationMs(stored.sessionLifetime),
    signUpAllowed: stored.signUpAllowed,
    passkeyUserVerification:
      (stored.passkeyUserVerification as PasskeyUserVerification) || PasskeyUserVerification.PREFERRED,
    passkeyRelatedOrigins: stored.passkeyRelatedOrigins,
    rememberedFor: stored.rememberedDeviceLifetime === undefined ? 0 : durationMs(stored.rememberedDeviceLifetime),
    attempts: {
      ...(stored.attemptsBeforeWait === 0 ? {} : { firstWaitAt: stored.attemptsBeforeWait }),
      ...(stored.maxAttempts === 0 ? {} : { mostFailures: stored.maxAttempts }),
    },
  };
}

/** When a sign-in to a client asks for a second factor. */
export const mfaFor = ({ mfa, mfaOfClients }: AuthenticationPolicy, clientId: string): MfaRequirement =>
  mfaOfClients.get(clientId) ?? mfa;
