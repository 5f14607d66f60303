import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SubmitRecoveryCodeResponseSchema,
  type SubmitRecoveryCodeRequest,
  type SubmitRecoveryCodeResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { takeRecoveryCode } from "./take-recovery-code.ts";

/** Takes the code of a browser's flow. */
export function submitRecoveryCode(dependencies: AuthDependencies) {
  return async (request: SubmitRecoveryCodeRequest, context: HandlerContext): Promise<SubmitRecoveryCodeResponse> => {
    const { flow, sessionToken } = await takeRecoveryCode(dependencies, callOf(context), request);
    return create(SubmitRecoveryCodeResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
