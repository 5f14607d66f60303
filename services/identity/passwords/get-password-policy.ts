import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetPasswordPolicyResponseSchema,
  type GetPasswordPolicyRequest,
  type GetPasswordPolicyResponse,
} from "#gen/koder/identity/v1/password_policy_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { passwordPolicies, passwordPolicyId } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { passwordPolicyMessage } from "./password-policy-message.ts";

/** What the tenant asks of passwords, as the store has it now. */
export function getPasswordPolicy({ store }: Pick<IdentityDependencies, "store">) {
  return async (_request: GetPasswordPolicyRequest, context: HandlerContext): Promise<GetPasswordPolicyResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(passwordPolicies, passwordPolicyId);
    return create(GetPasswordPolicyResponseSchema, { policy: passwordPolicyMessage(stored) });
  };
}
