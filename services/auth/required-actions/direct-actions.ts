import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AcceptTermsResponseSchema,
  DeclineTermsResponseSchema,
  GiveEmailCodeResponseSchema,
  SendEmailCodeResponseSchema,
  type AcceptTermsRequest,
  type AcceptTermsResponse,
  type DeclineTermsRequest,
  type DeclineTermsResponse,
  type GiveEmailCodeRequest,
  type GiveEmailCodeResponse,
  type SendEmailCodeRequest,
  type SendEmailCodeResponse,
} from "#gen/koder/auth/v1/flow_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "../flows/flow-message.ts";
import { acceptTermsOfFlow, declineTermsOfFlow } from "./decide-terms.ts";
import { sendEmailCodeOfFlow } from "./send-email-code.ts";
import { takeEmailCode } from "./take-email-code.ts";

// The same in a flow outside of a browser, by whoever has its id.

/** Mails the code that verifies the person's address. */
export function sendEmailCode(dependencies: AuthDependencies) {
  return async ({ flowId, email }: SendEmailCodeRequest, context: HandlerContext): Promise<SendEmailCodeResponse> => {
    const { destination, expires } = await sendEmailCodeOfFlow(dependencies, callOf(context), { flowId, email });
    return create(SendEmailCodeResponseSchema, { destination, expireTime: timestampFromMs(expires) });
  };
}

/** Takes it. */
export function giveEmailCode(dependencies: AuthDependencies) {
  return async ({ flowId, code }: GiveEmailCodeRequest, context: HandlerContext): Promise<GiveEmailCodeResponse> => {
    const { flow, loginHandle } = await takeEmailCode(dependencies, callOf(context), { flowId, code });
    return create(GiveEmailCodeResponseSchema, { flow: flowMessage(flowId, flow, { loginHandle }) });
  };
}

/** Takes that the person accepts the terms. */
export function acceptTerms(dependencies: AuthDependencies) {
  return async ({ flowId, version }: AcceptTermsRequest, context: HandlerContext): Promise<AcceptTermsResponse> => {
    const { flow, loginHandle } = await acceptTermsOfFlow(dependencies, callOf(context), { flowId, version });
    return create(AcceptTermsResponseSchema, { flow: flowMessage(flowId, flow, { loginHandle }) });
  };
}

/** Or that they decline them. */
export function declineTerms(dependencies: AuthDependencies) {
  return async ({ flowId }: DeclineTermsRequest, context: HandlerContext): Promise<DeclineTermsResponse> => {
    const { flow } = await declineTermsOfFlow(dependencies, callOf(context), { flowId });
    return create(DeclineTermsResponseSchema, { flow: flowMessage(flowId, flow) });
  };
}
