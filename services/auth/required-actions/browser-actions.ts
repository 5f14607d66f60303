import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RequestEmailCodeResponseSchema,
  SubmitEmailCodeResponseSchema,
  SubmitTermsResponseSchema,
  type RequestEmailCodeRequest,
  type RequestEmailCodeResponse,
  type SubmitEmailCodeRequest,
  type SubmitEmailCodeResponse,
  type SubmitTermsRequest,
  type SubmitTermsResponse,
} from "#gen/koder/auth/v1/required_action_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "../flows/flow-message.ts";
import { acceptTermsOfFlow, declineTermsOfFlow } from "./decide-terms.ts";
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

/** Takes what they decided about the terms. */
export function submitTerms(dependencies: AuthDependencies) {
  return async (request: SubmitTermsRequest, context: HandlerContext): Promise<SubmitTermsResponse> => {
    const call = callOf(context);
    const { flow, sessionToken } = await (request.accepted
      ? acceptTermsOfFlow(dependencies, call, request)
      : declineTermsOfFlow(dependencies, call, request));
    return create(SubmitTermsResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
