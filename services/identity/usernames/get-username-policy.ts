import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetUsernamePolicyResponseSchema,
  type GetUsernamePolicyRequest,
  type GetUsernamePolicyResponse,
} from "#gen/koder/identity/v1/username_policy_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { usernamePolicies, usernamePolicyId } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { usernamePolicyMessage } from "./username-policy-message.ts";

/** Which usernames the tenant takes, as the store has it now. */
export function getUsernamePolicy({ store }: Pick<IdentityDependencies, "store">) {
  return async (_request: GetUsernamePolicyRequest, context: HandlerContext): Promise<GetUsernamePolicyResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(usernamePolicies, usernamePolicyId);
    return create(GetUsernamePolicyResponseSchema, { policy: usernamePolicyMessage(stored) });
  };
}
