import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RequestNewOtpResponseSchema,
  RequestOtpResponseSchema,
  SubmitNewOtpResponseSchema,
  SubmitOtpResponseSchema,
  type RequestNewOtpRequest,
  type RequestNewOtpResponse,
  type RequestOtpRequest,
  type RequestOtpResponse,
  type SubmitNewOtpRequest,
  type SubmitNewOtpResponse,
  type SubmitOtpRequest,
  type SubmitOtpResponse,
} from "#gen/koder/auth/v1/otp_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "../flows/flow-message.ts";
import { sendNewOtpOfFlow, takeNewOtp } from "./add-otp-in-flow.ts";
import { sendOtpOfFlow } from "./send-otp-of-flow.ts";
import { takeOtp } from "./take-otp.ts";

// The steps of one-time codes in a browser's flow.

/** Sends a code. */
export function requestOtp(dependencies: AuthDependencies) {
  return async (request: RequestOtpRequest, context: HandlerContext): Promise<RequestOtpResponse> => {
    const { destination } = await sendOtpOfFlow(dependencies, callOf(context), request);
    return create(RequestOtpResponseSchema, { destination });
  };
}

/** Takes the code. */
export function submitOtp(dependencies: AuthDependencies) {
  return async (request: SubmitOtpRequest, context: HandlerContext): Promise<SubmitOtpResponse> => {
    const { flow, sessionToken } = await takeOtp(dependencies, callOf(context), request);
    return create(SubmitOtpResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}

/** Sends the code by which such codes are added. */
export function requestNewOtp(dependencies: AuthDependencies) {
  return async (request: RequestNewOtpRequest, context: HandlerContext): Promise<RequestNewOtpResponse> => {
    const { destination } = await sendNewOtpOfFlow(dependencies, callOf(context), request);
    return create(RequestNewOtpResponseSchema, { destination });
  };
}

/** Adds them. */
export function submitNewOtp(dependencies: AuthDependencies) {
  return async (request: SubmitNewOtpRequest, context: HandlerContext): Promise<SubmitNewOtpResponse> => {
    const { flow, sessionToken, recoveryCodes } = await takeNewOtp(dependencies, callOf(context), request);
    return create(SubmitNewOtpResponseSchema, {
      flow: flowMessage(request.flowId, flow),
      sessionToken,
      recoveryCodes: [...recoveryCodes],
    });
  };
}
