import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { UsernamePolicy as StoredPolicy } from "#gen/koder/identity/store/v1/username_policy_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { UsernamePolicy } from "#gen/koder/identity/v1/username_policy_pb.ts";
import {
  UpdateUsernamePolicyResponseSchema,
  type UpdateUsernamePolicyRequest,
  type UpdateUsernamePolicyResponse,
} from "#gen/koder/identity/v1/username_policy_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import { usernamePolicies, usernamePolicyId } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { usernamePolicyMessage } from "./username-policy-message.ts";

/** Changes the fields of the tenant's policy for usernames that the mask names, all or none. */
export function updateUsernamePolicy(needs: Pick<IdentityDependencies, "store" | "clock">) {
  return async (
    request: UpdateUsernamePolicyRequest,
    context: HandlerContext,
  ): Promise<UpdateUsernamePolicyResponse> => {
    const stored = await changeTenantRecord(needs, callOf(context), place, {
      asked: request.policy,
      mask: request.updateMask,
      change,
      event: (paths) => ({
        case: "usernamePolicyUpdated",
        value: { $typeName: "koder.events.v1.UsernamePolicyUpdated", paths },
      }),
    });
    return create(UpdateUsernamePolicyResponseSchema, { policy: usernamePolicyMessage(stored) });
  };
}

const place = { collection: usernamePolicies, id: usernamePolicyId, resourceType: "username_policy", name: "policy" };

/** What one path of the mask changes. Throws USERNAME_POLICY_INVALID for one that this call cannot. */
function change(path: string, policy: UsernamePolicy): Partial<StoredPolicy> {
  switch (path) {
    case "max_length":
      return { maxLength: policy.maxLength };
    case "extra_characters":
      return { extraCharacters: policy.extraCharacters };
    case "leading_digit_allowed":
      return { leadingDigitAllowed: policy.leadingDigitAllowed };
    default: {
      const description = "cannot be changed by this call";
      throw identityFailure(IdentityErrorReason.USERNAME_POLICY_INVALID, `${path}: ${description}`, {
        violations: [{ field: `policy.${path}`, description }],
      });
    }
  }
}
