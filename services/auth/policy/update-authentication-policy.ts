import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { AuthenticationPolicy as StoredPolicy } from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  UpdateAuthenticationPolicyResponseSchema,
  type UpdateAuthenticationPolicyRequest,
  type UpdateAuthenticationPolicyResponse,
} from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import type { TenantStore } from "../../store/store.ts";
import { mailsGoOut } from "../mail-server/mail-server.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { policyWithDefaults } from "./authentication-policies.ts";
import { unknownClientsOf } from "./clients-of-policy.ts";
import { groupIdsOf, groupNamesOf } from "./groups-of-policy.ts";
import { hasPasskey, lockoutOf, type Sent } from "./lockout.ts";
import { policyChange, policyInvalid } from "./policy-change.ts";
import { termsUriOf } from "../required-actions/terms-to-accept.ts";
import { policyMessage } from "./policy-message.ts";

/** Changes the fields of the tenant's policy that the mask names, all or none. */
export function updateAuthenticationPolicy(
  needs: Pick<
    AuthDependencies,
    "store" | "clock" | "peers" | "policies" | "tenants" | "smsAvailable" | "operatorsMail"
  >,
) {
  const { store, policies, tenants } = needs;
  return async (
    request: UpdateAuthenticationPolicyRequest,
    context: HandlerContext,
  ): Promise<UpdateAuthenticationPolicyResponse> => {
    const call = callOf(context);
    const { canonicalOrigin } = await tenants.get(call);
    const groupIds = await groupIdsOf(needs, call, request.policy?.groupOverrides ?? []);
    const unknownClients = await unknownClientsOf(needs, call, request.policy?.clientOverrides ?? []);
    const isTermsAsked = request.policy !== undefined && request.policy.termsVersion !== "";
    const hasTerms = isTermsAsked && (await termsUriOf(needs.peers, call)) !== "";
    const stored = await changeTenantRecord(needs, call, place, {
      asked: request.policy,
      mask: request.updateMask,
      change: (path, policy) => policyChange(path, policy, { canonicalOrigin, groupIds, unknownClients, hasTerms }),
      check: async (record, paths) => {
        const data = store.tenant(call.tenantId);
        // A mail server that went away since keeps nobody from changing the rest.
        const mails = !paths.some((path) => needMails.includes(path)) || (await mailsGoOut(needs, data));
        await checkNobodyIsLockedOut(data, record, { canonicalOrigin, sent: { sms: needs.smsAvailable, mails } });
      },
      event: (paths) => ({
        case: "authenticationPolicyUpdated",
        value: { $typeName: "koder.events.v1.AuthenticationPolicyUpdated", paths },
      }),
    });
    policies.forget(call.tenantId);
    const names = await groupNamesOf(needs, call, stored.record);
    return create(UpdateAuthenticationPolicyResponseSchema, { policy: policyMessage(stored, names) });
  };
}

const place = {
  collection: authenticationPolicies,
  id: authenticationPolicyId,
  resourceType: "authentication_policy",
  name: "policy",
};

/** What of a policy may ask for what people get by mail. */
const needMails = ["mfa", "second_factors", "verified_email_required", "group_overrides", "client_overrides"];

/** Refuses a policy by which nobody could sign in. Throws AUTHENTICATION_POLICY_INVALID. */
async function checkNobodyIsLockedOut(
  data: TenantStore,
  record: StoredPolicy,
  { canonicalOrigin, sent }: { readonly canonicalOrigin: string; readonly sent: Sent },
): Promise<void> {
  const policy = policyWithDefaults(record);
  const lockout = lockoutOf(policy, sent);
  if (lockout !== undefined) throw policyInvalid(lockout.path, lockout.description);
  const isByPasskeyAlone = !policy.rules.firstFactors.has(SignInFactor.PASSWORD);
  if (isByPasskeyAlone && !(await hasPasskey(data, new URL(canonicalOrigin).hostname))) {
    throw policyInvalid("first_factors", "must have PASSWORD until somebody has a passkey: nobody could sign in");
  }
}
