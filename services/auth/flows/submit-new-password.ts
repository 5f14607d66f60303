import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SubmitNewPasswordResponseSchema,
  type SubmitNewPasswordRequest,
  type SubmitNewPasswordResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { takeNewPassword } from "./take-new-password.ts";

/** Takes the new password of a browser's flow. */
export function submitNewPassword(dependencies: AuthDependencies) {
  return async (request: SubmitNewPasswordRequest, context: HandlerContext): Promise<SubmitNewPasswordResponse> => {
    const { flow, sessionToken } = await takeNewPassword(dependencies, callOf(context), request);
    return create(SubmitNewPasswordResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
