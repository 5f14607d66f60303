import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { MfaRequirement } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  GetSecondFactorRequirementResponseSchema,
  type GetSecondFactorRequirementRequest,
  type GetSecondFactorRequirementResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** Whether every sign-in of a person needs a second factor: then no client asks for less. */
export function getSecondFactorRequirement({ policies }: Pick<AuthDependencies, "policies">) {
  return async (
    _request: GetSecondFactorRequirementRequest,
    context: HandlerContext,
  ): Promise<GetSecondFactorRequirementResponse> => {
    const { mfa, mfaOfClients } = await policies.get(callOf(context));
    const required = [mfa, ...mfaOfClients.values()].every((one) => one === MfaRequirement.REQUIRED);
    return create(GetSecondFactorRequirementResponseSchema, { required });
  };
}
