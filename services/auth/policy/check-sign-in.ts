import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { MfaRequirement } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  CheckSignInResponseSchema,
  type CheckSignInRequest,
  type CheckSignInResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { acr } from "../flows/acr.ts";
import { mfaFor } from "./authentication-policies.ts";
import { isAnotherSignInNeeded, isSecondFactorWanted } from "./second-factor-need.ts";

/** Whether what a session has proven is enough for a client. Most calls read nothing. */
export function checkSignIn({ store, policies }: Pick<AuthDependencies, "store" | "policies">) {
  return async (request: CheckSignInRequest, context: HandlerContext): Promise<CheckSignInResponse> => {
    const call = callOf(context);
    const { userId, clientId, acrValues } = request;
    if (request.acr === acr.severalFactors) return create(CheckSignInResponseSchema, { sufficient: true });
    const requirement = mfaFor(await policies.get(call), clientId);
    const isWanted = isSecondFactorWanted(acrValues);
    // Where it is required, having none is no excuse.
    const isAsked = isWanted && requirement !== MfaRequirement.REQUIRED;
    const isThere = isAsked && (await factorsOfUser(store.tenant(call.tenantId), userId)).length > 0;
    const sufficient = !isAnotherSignInNeeded({ requirement, isWanted, isThere });
    return create(CheckSignInResponseSchema, { sufficient });
  };
}
