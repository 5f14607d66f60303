import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GiveNewOtpResponseSchema,
  GiveOtpResponseSchema,
  SendNewOtpResponseSchema,
  SendOtpResponseSchema,
  type GiveNewOtpRequest,
  type GiveNewOtpResponse,
  type GiveOtpRequest,
  type GiveOtpResponse,
  type SendNewOtpRequest,
  type SendNewOtpResponse,
  type SendOtpRequest,
  type SendOtpResponse,
} from "#gen/koder/auth/v1/flow_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "../flows/flow-message.ts";
import { sendNewOtpOfFlow, takeNewOtp } from "./add-otp-in-flow.ts";
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
    return create(GiveOtpResponseSchema, { flow: flowMessage(flowId, flow, { loginHandle }) });
  };
}

/** Sends the code by which such codes are added. */
export function sendNewOtp(dependencies: AuthDependencies) {
  return async (
    { flowId, channel, phoneNumber }: SendNewOtpRequest,
    context: HandlerContext,
  ): Promise<SendNewOtpResponse> => {
    const asked = { flowId, channel, phoneNumber };
    const { destination, expires } = await sendNewOtpOfFlow(dependencies, callOf(context), asked);
    return create(SendNewOtpResponseSchema, { destination, expireTime: timestampFromMs(expires) });
  };
}

/** Adds them. */
export function giveNewOtp(dependencies: AuthDependencies) {
  return async ({ flowId, code }: GiveNewOtpRequest, context: HandlerContext): Promise<GiveNewOtpResponse> => {
    const { flow, ...shown } = await takeNewOtp(dependencies, callOf(context), { flowId, code });
    return create(GiveNewOtpResponseSchema, { flow: flowMessage(flowId, flow, shown) });
  };
}
