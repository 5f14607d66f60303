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
import { rulesOfSignIn } from "./effective-policy.ts";

/** Whether every sign-in of a person needs a second factor: no client asks for less than the tenant and their groups. */
export function getSecondFactorRequirement(dependencies: Pick<AuthDependencies, "policies" | "peers">) {
  return async (
    { userId }: GetSecondFactorRequirementRequest,
    context: HandlerContext,
  ): Promise<GetSecondFactorRequirementResponse> => {
    const { mfa } = await rulesOfSignIn(dependencies, callOf(context), { userId, clientId: "" });
    return create(GetSecondFactorRequirementResponseSchema, { required: mfa === MfaRequirement.REQUIRED });
  };
}
