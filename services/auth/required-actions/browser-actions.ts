import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RequestEmailCodeResponseSchema,
  SubmitEmailCodeResponseSchema,
  type RequestEmailCodeRequest,
  type RequestEmailCodeResponse,
  type SubmitEmailCodeRequest,
  type SubmitEmailCodeResponse,
} from "#gen/koder/auth/v1/required_action_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "../flows/flow-message.ts";
import { sendEmailCodeOfFlow } from "./send-email-code.ts";
import { takeEmailCode } from "./take-email-code.ts";

// What a browser's flow asks of its person besides their factors.

/** Mails the code that verifies their address. */
export function requestEmailCode(dependencies: AuthDependencies) {
  return async (request: RequestEmailCodeRequest, context: HandlerContext): Promise<RequestEmailCodeResponse> => {
    const { destination } = await sendEmailCodeOfFlow(dependencies, callOf(context), request);
    return create(RequestEmailCodeResponseSchema, { destination });
  };
}

/** Takes it. */
export function submitEmailCode(dependencies: AuthDependencies) {
  return async (request: SubmitEmailCodeRequest, context: HandlerContext): Promise<SubmitEmailCodeResponse> => {
    const { flow, sessionToken } = await takeEmailCode(dependencies, callOf(context), request);
    return create(SubmitEmailCodeResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
