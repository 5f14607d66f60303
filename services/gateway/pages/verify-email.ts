import { ConnectError } from "@connectrpc/connect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { RequiredActionService } from "#gen/koder/auth/v1/required_action_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { Form } from "../oidc/form.ts";
import { afterStep, type PageFlow } from "./after-step.ts";
import { answeredBy, shownFault, text, usedUpFault, waitFault, type Fault } from "./fault.ts";
import { longest } from "./longest-inputs.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { letterOf } from "./shown-account.ts";
import { filled, unbroken, type Texts } from "./texts.ts";

// The address that a person verifies on the way of a sign-in: which it is, where their account has none, and the code.

type Page = readonly [peers: Peers, request: FastifyRequest, reply: FastifyReply, pending: PendingSignIn];

/** A flow on these pages. */
interface EmailFlow extends PageFlow {
  /** The address, as the person typed it; empty for the one that their account has. */
  readonly email: string;
  /** Whether a code was sent before. */
  readonly isAgain: boolean;
}

/** Whether a form is one of these pages. */
export const isEmailVerification = (form: Form): boolean => form.has("email_code") || form.has("new_email");

/** Sends a code and asks for it, or for the address that it is to go to. */
export async function askEmailCode(
  ...[peers, request, reply, pending, flow]: [...Page, EmailFlow]
): Promise<FastifyReply> {
  const { flowId, email, isAgain } = flow;
  try {
    const { destination } = await peers
      .client(RequiredActionService)
      .requestEmailCode({ flowId, browser: browserOf(request, pending), email }, forward(contextOf(request).outbound));
    return await showCode(request, reply, pending, flow, (texts) =>
      filled(texts["verify_email_sent"], { destination: unbroken(destination) }),
    );
  } catch (error) {
    const fault = emailFault(error);
    if (fault === undefined) throw error;
    const isNamed = email !== "" || fault.isAddress;
    // Whoever came here from another step has said nothing yet that could be wrong.
    if (isNamed && !isAgain) return showAddress(request, reply, pending, flow, email === "" ? undefined : fault);
    return showCode(request, reply, pending, flow, undefined, fault);
  }
}

/** Takes what such a page sent: the code, or the address, or only that another code is to be sent. */
export async function submitEmailVerification(
  ...[peers, request, reply, pending, pageFlow, form]: [...Page, PageFlow, Form]
): Promise<FastifyReply> {
  const email = form.get("new_email").trim().slice(0, longest.email);
  const isAgain = form.get("again") === "yes";
  const flow = { ...pageFlow, email, isAgain };
  // Asked for without a word: the page that the person comes back to, to say another address.
  if (form.get("again") === "address") return showAddress(request, reply, pending, flow);
  if (!form.has("email_code")) return askEmailCode(peers, request, reply, pending, flow);
  try {
    const given = {
      flowId: flow.flowId,
      browser: browserOf(request, pending),
      code: form.get("email_code").slice(0, longest.code),
    };
    const answer = await peers
      .client(RequiredActionService)
      .submitEmailCode(given, forward(contextOf(request).outbound));
    return await afterStep(peers, request, reply, pending, pageFlow, answer);
  } catch (error) {
    const fault = emailFault(error);
    if (fault === undefined) throw error;
    return fault.isAddress
      ? showAddress(request, reply, pending, flow, fault)
      : showCode(request, reply, pending, flow, undefined, fault);
  }
}

/** What these pages say to an error, and whether it is about the address; undefined for one that they have no words for. */
function emailFault(error: unknown): (Fault & { readonly isAddress: boolean }) | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id, headers } = errorAnswer(error);
  switch (reason) {
    case "CODE_MISMATCH":
      return { status: 400, id, sentence: text("fault_otp"), field: text("fault_otp_field"), isAddress: false };
    case "TOO_MANY_ATTEMPTS":
      return { ...waitFault({ id, headers }), isAddress: false };
    case "ATTEMPTS_USED_UP":
      return { ...usedUpFault({ id }), isAddress: false };
    case "EMAIL_NEEDED":
    case "INVALID_REQUEST":
      return { status: 400, id, sentence: text("fault_sign_up_email"), isAddress: true };
    case "EMAIL_TAKEN":
      return { status: 409, id, sentence: text("fault_verify_email_taken"), isAddress: true };
    default:
      return undefined;
  }
}

const shown = (
  pending: PendingSignIn,
  { flowId, username, email }: EmailFlow,
  texts: Texts,
  fault: Fault | undefined,
) => ({
  authorization: pending.authorizationId,
  flow: flowId,
  username,
  letter: letterOf(username),
  email,
  ...shownFault(fault, texts),
});

const page = (pending: PendingSignIn, fault: Fault | undefined) => ({
  ...answeredBy(fault),
  uiLocales: pending.shown.uiLocales,
});

/** Asks for the address. */
const showAddress = (
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: EmailFlow,
  fault?: Fault,
): Promise<FastifyReply> =>
  sendPage(request, reply, {
    ...page(pending, fault),
    template: "verify-email-address",
    show: (texts) => shown(pending, flow, texts, fault),
  });

/** Asks for the code that was sent; `sent` says where it went, just now. */
const showCode = (
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: EmailFlow,
  sent?: (texts: Texts) => string,
  fault?: Fault,
): Promise<FastifyReply> =>
  sendPage(request, reply, {
    ...page(pending, fault),
    template: "verify-email",
    show: (texts) => ({ ...shown(pending, flow, texts, fault), lead: sent?.(texts) ?? texts["verify_email_lead"] }),
  });
