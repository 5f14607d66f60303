import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { PasswordPolicy as StoredPolicy } from "#gen/koder/identity/store/v1/password_policy_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { PasswordPolicy } from "#gen/koder/identity/v1/password_policy_pb.ts";
import {
  UpdatePasswordPolicyResponseSchema,
  type UpdatePasswordPolicyRequest,
  type UpdatePasswordPolicyResponse,
} from "#gen/koder/identity/v1/password_policy_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import { passwordPolicies, passwordPolicyId } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { passwordPolicyMessage } from "./password-policy-message.ts";
import { policyWithDefaults } from "./tenant-policy.ts";

/** Changes the fields of the tenant's policy for passwords that the mask names, all or none. */
export function updatePasswordPolicy(needs: Pick<IdentityDependencies, "store" | "clock" | "passwordPolicies">) {
  return async (
    request: UpdatePasswordPolicyRequest,
    context: HandlerContext,
  ): Promise<UpdatePasswordPolicyResponse> => {
    const call = callOf(context);
    const stored = await changeTenantRecord(needs, call, place, {
      asked: request.policy,
      mask: request.updateMask,
      change,
      check: checkLengths,
      event: (paths) => ({
        case: "passwordPolicyUpdated",
        value: { $typeName: "koder.events.v1.PasswordPolicyUpdated", paths },
      }),
    });
    needs.passwordPolicies.forget(call.tenantId);
    return create(UpdatePasswordPolicyResponseSchema, { policy: passwordPolicyMessage(stored) });
  };
}

const place = { collection: passwordPolicies, id: passwordPolicyId, resourceType: "password_policy", name: "policy" };

const invalid = (path: string, description: string) =>
  identityFailure(IdentityErrorReason.PASSWORD_POLICY_INVALID, `${path}: ${description}`, {
    violations: [{ field: `policy.${path}`, description }],
  });

/** What one path of the mask changes. Throws PASSWORD_POLICY_INVALID for one that this call cannot. */
function change(path: string, policy: PasswordPolicy): Partial<StoredPolicy> {
  switch (path) {
    case "min_length":
      return { minLength: policy.minLength };
    case "min_length_with_mfa":
      return { minLengthWithMfa: policy.minLengthWithMfa };
    case "max_length":
      return { maxLength: policy.maxLength };
    case "blocked_words":
      return { blockedWords: policy.blockedWords };
    case "history":
      return { history: policy.history };
    case "hash_memory_kib":
      return { hashMemoryKib: policy.hashMemoryKib };
    case "hash_iterations":
      return { hashIterations: policy.hashIterations };
    default:
      throw invalid(path, "cannot be changed by this call");
  }
}

/** Throws PASSWORD_POLICY_INVALID where people with a second factor would need a longer password than those without one. */
function checkLengths(record: StoredPolicy): void {
  const { shortest, shortestWithMfa } = policyWithDefaults(record);
  if (shortestWithMfa > shortest) throw invalid("min_length_with_mfa", `must not be more than min_length, ${shortest}`);
}
