import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetGroupOverrideResponseSchema,
  type GetGroupOverrideRequest,
  type GetGroupOverrideResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** Whether the policy, as it stands at this moment, asks for more of those in a group. */
export function getGroupOverride({ store }: Pick<AuthDependencies, "store">) {
  return async ({ groupId }: GetGroupOverrideRequest, context: HandlerContext): Promise<GetGroupOverrideResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(authenticationPolicies, authenticationPolicyId);
    const present = stored?.record.groupOverrides.some((override) => override.groupId === groupId) ?? false;
    return create(GetGroupOverrideResponseSchema, { present });
  };
}
