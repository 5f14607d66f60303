import { ConnectError } from "@connectrpc/connect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { BrowserOtpService } from "#gen/koder/auth/v1/otp_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import { errorId } from "../../host/error-id.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { Form } from "../oidc/form.ts";
import { otherEnrolWays, type EnrolFlow } from "./enrol-ways.ts";
import { answeredBy, shownFault, text, waitFault, type Fault } from "./fault.ts";
import { longest } from "./longest-inputs.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { filled, unbroken, type Texts } from "./texts.ts";
import { typedPhone } from "./typed-phone.ts";

// One-time codes that a person adds on the way of a sign-in: the number of their telephone, and then the code that was sent.

const channels = {
  "sms-otp": { channel: OtpChannel.SMS, title: "otp_sms_title", lead: "otp_sms_lead", sent: "enrol_sms_sent" },
  "email-otp": {
    channel: OtpChannel.EMAIL,
    title: "otp_email_title",
    lead: "otp_email_lead",
    sent: "enrol_email_sent",
  },
} as const;

/** A flow on these pages. */
export interface EnrolOtpFlow extends EnrolFlow {
  readonly way: keyof typeof channels;
  /** The telephone, as the person typed it; empty until they have, and for mail. */
  readonly phone: string;
  /** Whether a code was sent before. */
  readonly isAgain: boolean;
}

/** The flow that a form of these pages is about. */
export const enrolOtpFlow = (flow: EnrolFlow & Pick<EnrolOtpFlow, "way">, form: Form): EnrolOtpFlow => ({
  ...flow,
  phone: flow.way === "sms-otp" ? form.get("new_phone").slice(0, longest.phone) : "",
  isAgain: form.has("new_code") || form.get("again") === "yes",
});

/** Sends a code, where it is known whereto, and asks for it. */
export async function askNewCode(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: EnrolOtpFlow,
): Promise<FastifyReply> {
  const { way, phone, flowId, isAgain } = flow;
  const phoneNumber = typedPhone(phone);
  if (way === "sms-otp" && phoneNumber === undefined) {
    return showPhone(request, reply, pending, flow, phone === "" ? undefined : phoneFault(errorId("INVALID_REQUEST")));
  }
  const { channel, sent } = channels[way];
  const asked = { flowId, browser: browserOf(request, pending), channel, phoneNumber: phoneNumber ?? "" };
  try {
    const { destination } = await peers
      .client(BrowserOtpService)
      .requestNewOtp(asked, forward(contextOf(request).outbound));
    return await showNewCode(request, reply, pending, flow, (texts) =>
      filled(texts[sent], { destination: unbroken(destination) }),
    );
  } catch (error) {
    const fault = enrolOtpFault(error);
    if (fault === undefined) throw error;
    return way === "sms-otp" && !isAgain
      ? showPhone(request, reply, pending, flow, fault)
      : showNewCode(request, reply, pending, flow, undefined, fault);
  }
}

/** Takes the code; answers the flow as it is then, and the recovery codes. */
export const acceptNewCode = (
  peers: Peers,
  request: FastifyRequest,
  pending: PendingSignIn,
  { flowId }: EnrolFlow,
  form: Form,
) =>
  peers
    .client(BrowserOtpService)
    .submitNewOtp(
      { flowId, browser: browserOf(request, pending), code: form.get("new_code").slice(0, longest.code) },
      forward(contextOf(request).outbound),
    );

const phoneFault = (id: string): Fault => ({
  status: 400,
  id,
  sentence: text("fault_phone"),
  field: text("fault_phone_field"),
});

/** What these pages say to an error; undefined for one that they have no words for. */
export function enrolOtpFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id, headers } = errorAnswer(error);
  switch (reason) {
    case "CODE_MISMATCH":
      return { status: 400, id, sentence: text("fault_otp"), field: text("fault_otp_field") };
    case "TOO_MANY_ATTEMPTS":
      return waitFault({ id, headers });
    case "INVALID_REQUEST":
      return phoneFault(id);
    case "MAILBOX_NOT_FOUND":
    case "SMS_NOT_AVAILABLE":
      return { status: 503, id, sentence: text("fault_otp_unsent") };
    default:
      return undefined;
  }
}

const shown = (pending: PendingSignIn, flow: EnrolOtpFlow, texts: Texts, fault: Fault | undefined) => ({
  authorization: pending.authorizationId,
  flow: flow.flowId,
  username: flow.username,
  ways: flow.ways.join(" "),
  way: flow.way,
  phone: flow.phone,
  others: otherEnrolWays(flow, texts),
  ...shownFault(fault, texts),
});

const page = (pending: PendingSignIn, fault: Fault | undefined) => ({
  ...answeredBy(fault),
  uiLocales: pending.shown.uiLocales,
});

/** Asks for the number of a telephone. */
const showPhone = (
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: EnrolOtpFlow,
  fault?: Fault,
): Promise<FastifyReply> =>
  sendPage(request, reply, {
    ...page(pending, fault),
    template: "enrol-phone",
    show: (texts) => shown(pending, flow, texts, fault),
  });

/** Asks for the code that was sent; `sent` says where it went, just now. */
export const showNewCode = (
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: EnrolOtpFlow,
  sent?: (texts: Texts) => string,
  fault?: Fault,
): Promise<FastifyReply> =>
  sendPage(request, reply, {
    ...page(pending, fault),
    template: "enrol-otp",
    show: (texts) => ({
      ...shown(pending, flow, texts, fault),
      title: texts[channels[flow.way].title],
      lead: sent?.(texts) ?? texts[channels[flow.way].lead],
    }),
  });
