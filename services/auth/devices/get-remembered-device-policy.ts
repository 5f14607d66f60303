import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetRememberedDevicePolicyResponseSchema,
  type GetRememberedDevicePolicyRequest,
  type GetRememberedDevicePolicyResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** For how long the page of a second factor offers to remember the browser. Most calls read nothing. */
export function getRememberedDevicePolicy({ policies }: Pick<AuthDependencies, "policies">) {
  return async (
    _request: GetRememberedDevicePolicyRequest,
    context: HandlerContext,
  ): Promise<GetRememberedDevicePolicyResponse> => {
    const { rememberedFor } = await policies.get(callOf(context));
    return create(GetRememberedDevicePolicyResponseSchema, { days: Math.floor(rememberedFor / 86_400_000) });
  };
}
