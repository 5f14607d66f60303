import type { FastifyReply, FastifyRequest } from "fastify";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { BrowserOtpService } from "#gen/koder/auth/v1/otp_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";
import { isSentWay, secondFactorFault, showSecondFactor, type SecondFactorFlow } from "./second-factor.ts";
import { filled, unbroken, type Texts } from "./texts.ts";

const sentBy = {
  "email-otp": { channel: OtpChannel.EMAIL, key: "otp_email_sent" },
  "sms-otp": { channel: OtpChannel.SMS, key: "otp_sms_sent" },
} as const;

/** Asks for a second factor by a way that the person has come to; a code that must be sent is sent first. */
export async function askSecondFactor(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: SecondFactorFlow,
): Promise<FastifyReply> {
  const { way, flowId } = flow;
  if (!isSentWay(way)) return showSecondFactor(peers, request, reply, pending, flow);
  const { channel, key } = sentBy[way];
  try {
    const { destination } = await peers
      .client(BrowserOtpService)
      .requestOtp({ flowId, browser: browserOf(request, pending), channel }, forward(contextOf(request).outbound));
    const sent = (texts: Texts) => filled(texts[key], { destination: unbroken(destination) });
    return await showSecondFactor(peers, request, reply, pending, { ...flow, sent });
  } catch (error) {
    const fault = secondFactorFault(error, way);
    if (fault === undefined) throw error;
    return showSecondFactor(peers, request, reply, pending, flow, fault);
  }
}
