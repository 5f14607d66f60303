import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetAuthenticationPolicyResponseSchema,
  type GetAuthenticationPolicyRequest,
  type GetAuthenticationPolicyResponse,
} from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { groupNamesOf } from "./groups-of-policy.ts";
import { policyMessage } from "./policy-message.ts";

/** The tenant's policy, read from the store. */
export function getAuthenticationPolicy(dependencies: Pick<AuthDependencies, "store" | "peers">) {
  return async (
    _request: GetAuthenticationPolicyRequest,
    context: HandlerContext,
  ): Promise<GetAuthenticationPolicyResponse> => {
    const call = callOf(context);
    const stored = await dependencies.store.tenant(call.tenantId).get(authenticationPolicies, authenticationPolicyId);
    const names = await groupNamesOf(dependencies, call, stored?.record);
    return create(GetAuthenticationPolicyResponseSchema, { policy: policyMessage(stored, names) });
  };
}
