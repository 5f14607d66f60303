import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetSignUpPolicyResponseSchema,
  type GetSignUpPolicyRequest,
  type GetSignUpPolicyResponse,
} from "#gen/koder/auth/v1/sign_up_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** Whether people may open accounts by themselves. Most calls read nothing. */
export function getSignUpPolicy({ policies }: Pick<AuthDependencies, "policies">) {
  return async (_request: GetSignUpPolicyRequest, context: HandlerContext): Promise<GetSignUpPolicyResponse> => {
    const { signUpAllowed } = await policies.get(callOf(context));
    return create(GetSignUpPolicyResponseSchema, { allowed: signUpAllowed });
  };
}
