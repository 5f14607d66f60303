import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GiveOtpResponseSchema,
  SendOtpResponseSchema,
  type GiveOtpRequest,
  type GiveOtpResponse,
  type SendOtpRequest,
  type SendOtpResponse,
} from "#gen/koder/auth/v1/flow_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "../flows/flow-message.ts";
import { sendOtpOfFlow } from "./send-otp-of-flow.ts";
import { takeOtp } from "./take-otp.ts";

// The steps of one-time codes in a flow outside of a browser, by whoever has its id.

/** Sends a code. */
export function sendOtp(dependencies: AuthDependencies) {
  return async ({ flowId, channel }: SendOtpRequest, context: HandlerContext): Promise<SendOtpResponse> => {
    const { destination, expires } = await sendOtpOfFlow(dependencies, callOf(context), { flowId, channel });
    return create(SendOtpResponseSchema, { destination, expireTime: timestampFromMs(expires) });
  };
}

/** Takes the code. */
export function giveOtp(dependencies: AuthDependencies) {
  return async ({ flowId, code }: GiveOtpRequest, context: HandlerContext): Promise<GiveOtpResponse> => {
    const { flow, loginHandle } = await takeOtp(dependencies, callOf(context), { flowId, code });
    return create(GiveOtpResponseSchema, { flow: flowMessage(flowId, flow, loginHandle) });
  };
}
