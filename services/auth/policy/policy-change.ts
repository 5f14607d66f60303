import { create } from "@bufbuild/protobuf";
import {
  AndroidAppSchema as StoredAndroidAppSchema,
  ClientAuthenticationPolicySchema as StoredClientSchema,
  GroupAuthenticationPolicySchema as StoredGroupSchema,
  type AuthenticationPolicy as StoredPolicy,
} from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import type {
  AuthenticationPolicy,
  ClientAuthenticationPolicy,
  GroupAuthenticationPolicy,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { authFailure } from "../auth-failure.ts";
import { wrongRelatedOrigin } from "../passkeys/related-origin.ts";
import { misplacedFactors } from "./lockout.ts";

/** The answer to a policy that breaks a rule. */
export const policyInvalid = (path: string, description: string) =>
  authFailure(AuthErrorReason.AUTHENTICATION_POLICY_INVALID, `${path}: ${description}`, {
    violations: [{ field: `policy.${path}`, description }],
  });

/** What the change of a policy must know beside it. */
export interface ChangeContext {
  readonly canonicalOrigin: string;
  /** Of the group overrides, in their order; undefined for what is no group. */
  readonly groupIds: readonly (string | undefined)[];
  /** Of the client overrides, the ids that no client has. */
  readonly unknownClients: ReadonlySet<string>;
  /** Whether the tenant says where its terms are. */
  readonly hasTerms: boolean;
}

/** What one path of the mask changes. Throws AUTHENTICATION_POLICY_INVALID for one that this call cannot, or to what is none. */
export function policyChange(
  path: string,
  policy: AuthenticationPolicy,
  { canonicalOrigin, groupIds, unknownClients, hasTerms }: ChangeContext,
): Partial<Record<keyof StoredPolicy, unknown>> {
  switch (path) {
    case "mfa":
      return { mfa: policy.mfa };
    case "session_lifetime":
      return { sessionLifetime: policy.sessionLifetime };
    case "session_idle_lifetime":
      return { sessionIdleLifetime: policy.sessionIdleLifetime };
    case "sign_up_allowed":
      return { signUpAllowed: policy.signUpAllowed };
    case "verified_email_required":
      return { verifiedEmailRequired: policy.verifiedEmailRequired };
    case "terms_version":
      if (policy.termsVersion !== "" && !hasTerms) {
        throw policyInvalid(path, "needs terms that people can read: terms_uri of the branding must be set first");
      }
      return { termsVersion: policy.termsVersion };
    case "passkey_user_verification":
      return { passkeyUserVerification: policy.passkeyUserVerification };
    case "passkey_related_origins": {
      const wrong = wrongRelatedOrigin(policy.passkeyRelatedOrigins, canonicalOrigin);
      if (wrong !== undefined) throw policyInvalid(path, wrong);
      return { passkeyRelatedOrigins: policy.passkeyRelatedOrigins };
    }
    case "passkey_android_apps":
      return { passkeyAndroidApps: androidApps(policy) };
    case "remembered_device_lifetime":
      return { rememberedDeviceLifetime: policy.rememberedDeviceLifetime };
    case "attempts_before_wait":
      return { attemptsBeforeWait: policy.attemptsBeforeWait };
    case "max_attempts":
      return { maxAttempts: policy.maxAttempts };
    case "first_factors":
      checkFactors("", { firstFactors: policy.firstFactors, secondFactors: [] });
      return { firstFactors: policy.firstFactors };
    case "second_factors":
      checkFactors("", { firstFactors: [], secondFactors: policy.secondFactors });
      return { secondFactors: policy.secondFactors };
    case "client_overrides":
      return { clientOverrides: clientOverrides(policy, unknownClients) };
    case "group_overrides":
      return { groupOverrides: groupOverrides(policy, groupIds) };
    default:
      throw policyInvalid(path, "cannot be changed by this call");
  }
}

function androidApps({ passkeyAndroidApps: apps }: AuthenticationPolicy) {
  if (new Set(apps.map(({ packageName }) => packageName)).size < apps.length) {
    throw policyInvalid("passkey_android_apps", "must name each app once");
  }
  return apps.map(({ packageName, sha256CertFingerprints }) =>
    create(StoredAndroidAppSchema, {
      packageName,
      sha256CertFingerprints: sha256CertFingerprints.map((fingerprint) => fingerprint.toUpperCase()),
    }),
  );
}

function clientOverrides(
  { clientOverrides: overrides }: AuthenticationPolicy,
  unknownClients: ChangeContext["unknownClients"],
) {
  if (new Set(overrides.map(({ clientId }) => clientId)).size < overrides.length) {
    throw policyInvalid("client_overrides", "must name each client once");
  }
  for (const [at, override] of overrides.entries()) {
    const { clientId } = override;
    if (unknownClients.has(clientId))
      throw policyInvalid(`client_overrides[${at}].client_id`, `no client is ${clientId}`);
    checkFactors(`client_overrides[${at}].`, override);
  }
  return overrides.map((override) => {
    const { clientId, directFlows } = override;
    return create(StoredClientSchema, { ...commonOf(override), clientId, directFlows });
  });
}

function groupOverrides({ groupOverrides: overrides }: AuthenticationPolicy, groupIds: ChangeContext["groupIds"]) {
  if (new Set(groupIds).size < overrides.length) {
    throw policyInvalid("group_overrides", "must name each group once, and none that is not there");
  }
  return overrides.map((override, at) => {
    const groupId = groupIds[at];
    const [field, named] =
      override.groupId === "" ? ["group_name", override.groupName] : ["group_id", override.groupId];
    if (groupId === undefined)
      throw policyInvalid(`group_overrides[${at}].${field}`, `no group is ${named || "unnamed"}`);
    checkFactors(`group_overrides[${at}].`, override);
    return create(StoredGroupSchema, { ...commonOf(override), groupId });
  });
}

/** What overrides of groups and of clients have in common. */
const commonOf = ({
  mfa,
  firstFactors,
  secondFactors,
  sessionLifetime,
  sessionIdleLifetime,
  rememberedDeviceLifetime,
  verifiedEmailRequired,
}: GroupAuthenticationPolicy | ClientAuthenticationPolicy) => ({
  mfa,
  firstFactors,
  secondFactors,
  verifiedEmailRequired,
  ...(sessionLifetime === undefined ? {} : { sessionLifetime }),
  ...(sessionIdleLifetime === undefined ? {} : { sessionIdleLifetime }),
  ...(rememberedDeviceLifetime === undefined ? {} : { rememberedDeviceLifetime }),
});

function checkFactors(
  within: string,
  { firstFactors, secondFactors }: Pick<AuthenticationPolicy, "firstFactors" | "secondFactors">,
): void {
  const wrong = misplacedFactors(firstFactors, secondFactors);
  if (wrong !== undefined) throw policyInvalid(`${within}${wrong.path}`, wrong.description);
}
