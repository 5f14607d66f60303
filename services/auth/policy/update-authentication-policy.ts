import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthenticationPolicySchema as StoredPolicySchema,
  type AuthenticationPolicy as StoredPolicy,
} from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  UpdateAuthenticationPolicyResponseSchema,
  type UpdateAuthenticationPolicyRequest,
  type UpdateAuthenticationPolicyResponse,
} from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { readUpdate } from "../../host/read-update.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { TenantStore } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { policyWithDefaults } from "./authentication-policies.ts";
import { groupIdsOf, groupNamesOf } from "./groups-of-policy.ts";
import { hasPasskey, lockoutOf } from "./lockout.ts";
import { policyChange, policyInvalid } from "./policy-change.ts";
import { policyEtag, policyMessage } from "./policy-message.ts";

/** Changes the fields of the tenant's policy that the mask names, all or none. */
export function updateAuthenticationPolicy(
  dependencies: Pick<AuthDependencies, "store" | "clock" | "peers" | "policies" | "tenants" | "smsAvailable">,
) {
  const { store, clock, policies, tenants, smsAvailable } = dependencies;
  return async (
    request: UpdateAuthenticationPolicyRequest,
    context: HandlerContext,
  ): Promise<UpdateAuthenticationPolicyResponse> => {
    const call = callOf(context);
    const { asked: policy, paths } = readUpdate(request.policy, request.updateMask);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(authenticationPolicies, authenticationPolicyId);
    const mismatch = () => failure(ErrorReason.ETAG_MISMATCH, "etag: the policy was changed meanwhile; read it again");
    if (policy.etag !== "" && policy.etag !== policyEtag(stored)) throw mismatch();
    const now = clock();
    const { canonicalOrigin } = await tenants.get(call);
    const groupIds = await groupIdsOf(dependencies, call, policy.groupOverrides);
    const record: StoredPolicy = Object.assign(
      stored?.record ?? create(StoredPolicySchema, { id: authenticationPolicyId }),
      ...paths.map((path) => policyChange(path, policy, { canonicalOrigin, groupIds })),
      { updateTime: timestampFromMs(now) },
    );
    await checkNobodyIsLockedOut(data, record, { canonicalOrigin, smsAvailable });
    const version = (stored?.version ?? 0) + 1;
    const resource = { type: "authentication_policy", id: authenticationPolicyId, version };
    const updated = eventOf(call, now, resource, {
      case: "authenticationPolicyUpdated",
      value: { $typeName: "koder.events.v1.AuthenticationPolicyUpdated", paths },
    });
    const write =
      stored === undefined
        ? insert(authenticationPolicies, record)
        : replace(authenticationPolicies, record, stored.version);
    if (!(await commitUnlessChanged(data, [write], [updated]))) throw mismatch();
    policies.forget(call.tenantId);
    const names = await groupNamesOf(dependencies, call, record);
    return create(UpdateAuthenticationPolicyResponseSchema, { policy: policyMessage({ record, version }, names) });
  };
}

/** Refuses a policy by which nobody could sign in. Throws AUTHENTICATION_POLICY_INVALID. */
async function checkNobodyIsLockedOut(
  data: TenantStore,
  record: StoredPolicy,
  { canonicalOrigin, smsAvailable }: { readonly canonicalOrigin: string; readonly smsAvailable: boolean },
): Promise<void> {
  const policy = policyWithDefaults(record);
  const lockout = lockoutOf(policy, smsAvailable);
  if (lockout !== undefined) throw policyInvalid(lockout.path, lockout.description);
  const isByPasskeyAlone = !policy.rules.firstFactors.has(SignInFactor.PASSWORD);
  if (isByPasskeyAlone && !(await hasPasskey(data, new URL(canonicalOrigin).hostname))) {
    throw policyInvalid("first_factors", "must have PASSWORD until somebody has a passkey: nobody could sign in");
  }
}
