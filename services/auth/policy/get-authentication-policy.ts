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
import { policyMessage } from "./policy-message.ts";

/** The tenant's policy, read from the store. */
export function getAuthenticationPolicy({ store }: Pick<AuthDependencies, "store">) {
  return async (
    _request: GetAuthenticationPolicyRequest,
    context: HandlerContext,
  ): Promise<GetAuthenticationPolicyResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    const stored = await data.get(authenticationPolicies, authenticationPolicyId);
    return create(GetAuthenticationPolicyResponseSchema, { policy: policyMessage(stored) });
  };
}
