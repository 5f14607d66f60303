import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { AuthenticationPolicySchema as StoredPolicySchema } from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import {
  AuthenticationPolicySchema,
  ClientAuthenticationPolicySchema,
  type AuthenticationPolicy,
  type MfaRequirement,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { defaultAttemptPolicy } from "../attempts.ts";
import type { Stored } from "../../store/store.ts";
import { policyWithDefaults } from "./authentication-policies.ts";

/** Opaque to callers: the version of the policy's record, 0 while there is none. */
export const policyEtag = (stored: { readonly version: number } | undefined): string => `v${stored?.version ?? 0}`;

/** A policy as administrators see it, its defaults written out. */
export function policyMessage(stored: Stored<typeof StoredPolicySchema> | undefined): AuthenticationPolicy {
  const policy = policyWithDefaults(stored?.record);
  const { mfa, sessionLifetime, signUpAllowed, passkeyUserVerification, passkeyRelatedOrigins } = policy;
  const { rememberedFor, attempts } = policy;
  return create(AuthenticationPolicySchema, {
    etag: policyEtag(stored),
    mfa,
    sessionLifetime: durationFromMs(sessionLifetime),
    signUpAllowed,
    passkeyUserVerification,
    passkeyRelatedOrigins: [...passkeyRelatedOrigins],
    attemptsBeforeWait: attempts.firstWaitAt ?? defaultAttemptPolicy.firstWaitAt,
    maxAttempts: attempts.mostFailures ?? defaultAttemptPolicy.mostFailures,
    clientOverrides: (stored?.record.clientOverrides ?? []).map(({ clientId, mfa: ofClient, directFlows }) =>
      create(ClientAuthenticationPolicySchema, { clientId, mfa: ofClient as MfaRequirement, directFlows }),
    ),
    ...(rememberedFor === 0 ? {} : { rememberedDeviceLifetime: durationFromMs(rememberedFor) }),
    ...(stored?.record.updateTime ? { updateTime: stored.record.updateTime } : {}),
  });
}
