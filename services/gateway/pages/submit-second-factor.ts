import type { FastifyReply, FastifyRequest } from "fastify";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { BrowserOtpService } from "#gen/koder/auth/v1/otp_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { giveBrowserToken } from "../oidc/browser-cookies.ts";
import type { Form } from "../oidc/form.ts";
import { afterStep, type PageFlow } from "./after-step.ts";
import { askSecondFactor } from "./ask-second-factor.ts";
import { longest } from "./longest-inputs.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";
import { isSentWay, namedWays, secondFactorFault, showSecondFactor } from "./second-factor.ts";

/** Takes the code of a second factor, or shows the page of another way to one. */
export async function submitSecondFactor(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: PageFlow,
  form: Form,
): Promise<FastifyReply> {
  const ways = namedWays(form.get("ways"));
  const [way = "totp"] = namedWays(form.get("way"));
  const remember = form.get("remember") === "yes";
  const pageFlow = { ...flow, ways, way, remember };
  if (!form.has("code") || way === "passkey") return askSecondFactor(peers, request, reply, pending, pageFlow);
  const given = {
    flowId: pageFlow.flowId,
    browser: { ...browserOf(request, pending), rememberDevice: remember },
    code: form.get("code").slice(0, longest.code),
  };
  const options = forward(contextOf(request).outbound);
  const flows = peers.client(BrowserFlowService);
  try {
    const answer = await (isSentWay(way)
      ? peers.client(BrowserOtpService).submitOtp(given, options)
      : way === "totp"
        ? flows.submitTotp(given, options)
        : flows.submitRecoveryCode(given, options));
    // The token that it is remembered by must not be gone before.
    if (remember) giveBrowserToken(request, reply, pending.browserToken);
    return await afterStep(peers, request, reply, pending, pageFlow, answer);
  } catch (error) {
    const fault = secondFactorFault(error, way);
    if (fault === undefined) throw error;
    return showSecondFactor(peers, request, reply, pending, pageFlow, fault);
  }
}
