import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  GetFirstFactorsResponseSchema,
  type GetFirstFactorsRequest,
  type GetFirstFactorsResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { rulesOfSignIn } from "./effective-policy.ts";

/** By what a sign-in to a client may begin, for all that is known before it has. Most calls read nothing. */
export function getFirstFactors(dependencies: Pick<AuthDependencies, "policies" | "peers">) {
  return async ({ clientId }: GetFirstFactorsRequest, context: HandlerContext): Promise<GetFirstFactorsResponse> => {
    const { firstFactors } = await rulesOfSignIn(dependencies, callOf(context), { userId: "", clientId });
    return create(GetFirstFactorsResponseSchema, {
      password: firstFactors.has(SignInFactor.PASSWORD),
      passkey: firstFactors.has(SignInFactor.PASSKEY),
    });
  };
}
