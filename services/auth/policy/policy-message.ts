import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type {
  AndroidApp as StoredAndroidApp,
  AuthenticationPolicySchema as StoredPolicySchema,
  ClientAuthenticationPolicy as StoredClientPolicy,
  GroupAuthenticationPolicy as StoredGroupPolicy,
} from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import {
  AndroidAppSchema,
  AuthenticationPolicySchema,
  ClientAuthenticationPolicySchema,
  GroupAuthenticationPolicySchema,
  type AndroidApp,
  type AuthenticationPolicy,
  type MfaRequirement,
  type SignInFactor,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { tenantRecordEtag } from "../../host/tenant-record.ts";
import type { Stored } from "../../store/store.ts";
import { defaultAttemptPolicy } from "../attempts.ts";
import { policyWithDefaults } from "./authentication-policies.ts";

/** A policy as administrators see it, its defaults written out. Of groups that are gone nothing is shown. */
export function policyMessage(
  stored: Stored<typeof StoredPolicySchema> | undefined,
  groupNames: ReadonlyMap<string, string>,
): AuthenticationPolicy {
  const policy = policyWithDefaults(stored?.record);
  const {
    rules,
    signUpAllowed,
    passkeyUserVerification,
    passkeyRelatedOrigins,
    passkeyAndroidApps,
    attempts,
    termsVersion,
  } = policy;
  const { mfa, sessionLifetime, idleLifetime, rememberedFor, firstFactors, secondFactors, verifiedEmail } = rules;
  const { clientOverrides = [], groupOverrides = [], updateTime } = stored?.record ?? {};
  return create(AuthenticationPolicySchema, {
    etag: tenantRecordEtag(stored),
    mfa,
    sessionLifetime: durationFromMs(sessionLifetime),
    signUpAllowed,
    passkeyUserVerification,
    passkeyRelatedOrigins: [...passkeyRelatedOrigins],
    passkeyAndroidApps: passkeyAndroidApps.map(androidAppMessage),
    attemptsBeforeWait: attempts.firstWaitAt ?? defaultAttemptPolicy.firstWaitAt,
    maxAttempts: attempts.mostFailures ?? defaultAttemptPolicy.mostFailures,
    firstFactors: [...firstFactors],
    secondFactors: [...secondFactors],
    verifiedEmailRequired: verifiedEmail,
    termsVersion,
    clientOverrides: clientOverrides.map((override) => {
      const { clientId, directFlows } = override;
      return create(ClientAuthenticationPolicySchema, { ...commonOf(override), clientId, directFlows });
    }),
    groupOverrides: groupOverrides.flatMap((override) => {
      const { groupId } = override;
      const groupName = groupNames.get(groupId);
      if (groupName === undefined) return [];
      return create(GroupAuthenticationPolicySchema, { ...commonOf(override), groupId, groupName });
    }),
    ...(rememberedFor === 0 ? {} : { rememberedDeviceLifetime: durationFromMs(rememberedFor) }),
    ...(idleLifetime === undefined ? {} : { sessionIdleLifetime: durationFromMs(idleLifetime) }),
    ...(updateTime ? { updateTime } : {}),
  });
}

/** An app as others see it. */
export const androidAppMessage = ({ packageName, sha256CertFingerprints }: StoredAndroidApp): AndroidApp =>
  create(AndroidAppSchema, { packageName, sha256CertFingerprints: [...sha256CertFingerprints] });

/** What overrides of groups and of clients have in common. */
const commonOf = ({
  mfa,
  firstFactors,
  secondFactors,
  sessionLifetime,
  sessionIdleLifetime,
  rememberedDeviceLifetime,
  verifiedEmailRequired,
}: StoredGroupPolicy | StoredClientPolicy) => ({
  mfa: mfa as MfaRequirement,
  firstFactors: firstFactors as SignInFactor[],
  secondFactors: secondFactors as SignInFactor[],
  verifiedEmailRequired,
  ...(sessionLifetime === undefined ? {} : { sessionLifetime }),
  ...(sessionIdleLifetime === undefined ? {} : { sessionIdleLifetime }),
  ...(rememberedDeviceLifetime === undefined ? {} : { rememberedDeviceLifetime }),
});
