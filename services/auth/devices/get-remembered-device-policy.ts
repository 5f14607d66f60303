import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetRememberedDevicePolicyResponseSchema,
  type GetRememberedDevicePolicyRequest,
  type GetRememberedDevicePolicyResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { findFlow } from "../flows/open-flow.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";

/** For how long the page of a flow's second factor offers to remember the browser. Where the tenant never does nothing is read. */
export function getRememberedDevicePolicy(
  dependencies: Pick<AuthDependencies, "store" | "vault" | "peers" | "policies">,
) {
  const { store, vault, policies } = dependencies;
  return async (
    request: GetRememberedDevicePolicyRequest,
    context: HandlerContext,
  ): Promise<GetRememberedDevicePolicyResponse> => {
    const call = callOf(context);
    if ((await policies.get(call)).rules.rememberedFor === 0) return create(GetRememberedDevicePolicyResponseSchema);
    const data = store.tenant(call.tenantId);
    const { record } = await findFlow(data, await vault.tenant(call.tenantId), request);
    const { rememberedFor } = await rulesOfSignIn(dependencies, call, record);
    return create(GetRememberedDevicePolicyResponseSchema, { days: Math.floor(rememberedFor / 86_400_000) });
  };
}
