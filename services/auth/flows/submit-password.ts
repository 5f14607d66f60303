import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SubmitPasswordResponseSchema,
  type SubmitPasswordRequest,
  type SubmitPasswordResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { takePassword } from "./take-password.ts";

/** Takes the password of a browser's flow. */
export function submitPassword(dependencies: AuthDependencies) {
  return async (request: SubmitPasswordRequest, context: HandlerContext): Promise<SubmitPasswordResponse> => {
    const { flow, sessionToken } = await takePassword(dependencies, callOf(context), request);
    return create(SubmitPasswordResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
