import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetOAuthPolicyResponseSchema,
  type GetOAuthPolicyRequest,
  type GetOAuthPolicyResponse,
} from "#gen/koder/oauth/v1/oauth_policy_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { oauthPolicies, oauthPolicyId } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { policyMessage } from "./policy-message.ts";

/** The tenant's policy, read from the store. */
export function getOauthPolicy({ store }: Pick<OauthDependencies, "store">) {
  return async (_request: GetOAuthPolicyRequest, context: HandlerContext): Promise<GetOAuthPolicyResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(oauthPolicies, oauthPolicyId);
    return create(GetOAuthPolicyResponseSchema, { policy: policyMessage(stored) });
  };
}
