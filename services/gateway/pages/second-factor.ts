import { ConnectError } from "@connectrpc/connect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { PageFlow } from "./after-step.ts";
import { answeredBy, shownFault, text, usedUpFault, waitFault, type Fault } from "./fault.ts";
import { passkeyOptions } from "./passkey.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { letterOf } from "./shown-account.ts";
import { filled, type Texts } from "./texts.ts";

/** The ways to show a second factor, the usual one first: the step of the flow that each is, and its texts. */
const ways = {
  passkey: { step: FlowStep.PASSKEY, other: "passkey_other" },
  totp: {
    step: FlowStep.TOTP,
    title: "totp_title",
    lead: "totp_lead",
    label: "totp_label",
    hint: "totp_hint",
    other: "totp_other",
    inputMode: "numeric",
    autocomplete: "one-time-code",
  },
  "sms-otp": {
    step: FlowStep.SMS_OTP,
    title: "otp_sms_title",
    lead: "otp_sms_lead",
    label: "totp_label",
    hint: "otp_hint",
    other: "otp_sms_other",
    inputMode: "numeric",
    autocomplete: "one-time-code",
  },
  "email-otp": {
    step: FlowStep.EMAIL_OTP,
    title: "otp_email_title",
    lead: "otp_email_lead",
    label: "totp_label",
    hint: "otp_hint",
    other: "otp_email_other",
    inputMode: "numeric",
    autocomplete: "one-time-code",
  },
  "recovery-code": {
    step: FlowStep.RECOVERY_CODE,
    title: "recovery_code_title",
    lead: "recovery_code_lead",
    label: "recovery_code_label",
    hint: "recovery_code_hint",
    other: "recovery_code_other",
    inputMode: "text",
    autocomplete: "off",
  },
} as const;

/** A way to show a second factor, as the page's form names it. */
export type SecondFactorWay = keyof typeof ways;

const isWay = (name: string): name is SecondFactorWay => Object.hasOwn(ways, name);

/** The ways that a flow leaves open. */
export const secondFactorWays = (steps: readonly FlowStep[]): SecondFactorWay[] =>
  Object.keys(ways).filter((name): name is SecondFactorWay => isWay(name) && steps.includes(ways[name].step));

/** The ways that a form names: those that its page showed. */
export const namedWays = (listed: string): SecondFactorWay[] => listed.split(" ").filter(isWay);

/** A flow on the page of a second factor. */
export interface SecondFactorFlow extends PageFlow {
  /** Those that the page offers. */
  readonly ways: readonly SecondFactorWay[];
  /** The one that it asks for now. */
  readonly way: SecondFactorWay;
  /** Says where a code was sent just now, in the place of the page's own lead. */
  readonly sent?: (texts: Texts) => string;
  /** Whether the person wants the browser to be remembered, as they said before. */
  readonly remember?: boolean;
}

/** What a person may choose: that a browser is remembered for so many days; empty for none. */
function rememberWords(days: number, texts: Texts): string {
  if (days === 0) return "";
  return (days === 1 ? texts["remember_device_day"] : filled(texts["remember_device"], { days })) ?? "";
}

/** Asks for a second factor, by one way; the others are a button away. All but passkeys work without JavaScript. */
export async function showSecondFactor(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: SecondFactorFlow,
  fault?: Fault,
): Promise<FastifyReply> {
  const { authorizationId, shown } = pending;
  const { flowId, username, ways: open, way, sent, remember = false } = flow;
  const days = await rememberedDays(peers, request, pending, flowId);
  const page = {
    ...answeredBy(fault),
    uiLocales: shown.uiLocales,
  };
  const common = (texts: Texts) => ({
    authorization: authorizationId,
    flow: flowId,
    username,
    letter: letterOf(username),
    ways: open.join(" "),
    way,
    remember: rememberWords(days, texts),
    isRemembered: remember,
    others: [
      ...(isSentWay(way) ? [{ way, words: texts["otp_again"] }] : []),
      ...open.filter((one) => one !== way).map((one) => otherWay(one, texts)),
    ],
    ...shownFault(fault, texts),
  });
  if (way === "passkey") {
    const { optionsJson: options, userHandle, userName } = await passkeyOptions(peers, request, pending, flowId);
    return sendPage(request, reply, {
      ...page,
      template: "second-factor-passkey",
      show: (texts) => ({ ...common(texts), options, userHandle, userName }),
    });
  }
  const { inputMode, autocomplete, ...keys } = ways[way];
  return sendPage(request, reply, {
    ...page,
    template: "second-factor",
    show: (texts) => ({
      ...common(texts),
      inputMode,
      autocomplete,
      title: texts[keys.title],
      lead: sent?.(texts) ?? texts[keys.lead],
      label: texts[keys.label],
      hint: texts[keys.hint],
    }),
  });
}

/** For how many days the browser may be remembered; 0 for not at all. */
async function rememberedDays(
  peers: Peers,
  request: FastifyRequest,
  pending: PendingSignIn,
  flowId: string,
): Promise<number> {
  const policies = peers.client(SignInPolicyService);
  const asked = { flowId, browser: browserOf(request, pending) };
  return (await policies.getRememberedDevicePolicy(asked, forward(contextOf(request).outbound))).days;
}

/** Ways whose codes are sent when they are asked for. */
export const isSentWay = (way: SecondFactorWay): way is "sms-otp" | "email-otp" =>
  way === "sms-otp" || way === "email-otp";

const otherWay = (way: SecondFactorWay, texts: Texts) => ({ way, words: texts[ways[way].other] });

/** What the form says to an error; undefined for one that it has no words for. */
export function secondFactorFault(error: unknown, way: SecondFactorWay): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id, headers } = errorAnswer(error);
  switch (reason) {
    case "CODE_MISMATCH":
      if (isSentWay(way)) return { status: 401, id, sentence: text("fault_otp"), field: text("fault_otp_field") };
      return way === "totp"
        ? { status: 401, id, sentence: text("fault_totp"), field: text("fault_totp_field") }
        : { status: 401, id, sentence: text("fault_recovery_code"), field: text("fault_recovery_code_field") };
    case "TOO_MANY_ATTEMPTS":
      return waitFault({ id, headers });
    case "ATTEMPTS_USED_UP":
      return usedUpFault({ id });
    case "MAILBOX_NOT_FOUND":
    case "SMS_NOT_AVAILABLE":
      return { status: 503, id, sentence: text("fault_otp_unsent") };
    default:
      return undefined;
  }
}
