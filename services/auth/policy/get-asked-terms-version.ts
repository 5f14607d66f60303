import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetAskedTermsVersionResponseSchema,
  type GetAskedTermsVersionRequest,
  type GetAskedTermsVersionResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** Which version of the terms the policy, as it stands at this moment, has everybody accept. */
export function getAskedTermsVersion({ store }: Pick<AuthDependencies, "store">) {
  return async (_: GetAskedTermsVersionRequest, context: HandlerContext): Promise<GetAskedTermsVersionResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(authenticationPolicies, authenticationPolicyId);
    return create(GetAskedTermsVersionResponseSchema, { termsVersion: stored?.record.termsVersion ?? "" });
  };
}
