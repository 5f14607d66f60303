import { ConnectError } from "@connectrpc/connect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { Form } from "../oidc/form.ts";
import { afterStep, type PageFlow } from "./after-step.ts";
import { answeredBy, busyFault, shownFault, text, type Fault } from "./fault.ts";
import { longest } from "./longest-inputs.ts";
import { askedPassword, ruleSentence } from "./new-password-judgement.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { filled, type Texts } from "./texts.ts";

/** What a new password is to be like. */
export const newPasswordHint = (texts: Texts, length: number): string => filled(texts["new_password_hint"], { length });

/** Asks for a new password. */
export async function showNewPassword(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  { flowId, username }: PageFlow,
  fault?: Fault,
): Promise<FastifyReply> {
  const { authorizationId, shown } = pending;
  const { shortest } = await askedPassword(peers, request, { flowId, browser: browserOf(request, pending) });
  return sendPage(request, reply, {
    template: "new-password",
    judgesPassword: true,
    ...answeredBy(fault),
    uiLocales: shown.uiLocales,
    show: (texts) => ({
      authorization: authorizationId,
      flow: flowId,
      username,
      hint: newPasswordHint(texts, shortest),
      ...shownFault(fault, texts),
    }),
  });
}

/** Takes the new password. */
export async function submitNewPassword(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  pageFlow: PageFlow,
  form: Form,
): Promise<FastifyReply> {
  const newPassword = form.get("new_password").slice(0, longest.password);
  const { flowId } = pageFlow;
  try {
    const answer = await peers
      .client(BrowserFlowService)
      .submitNewPassword(
        { flowId, browser: browserOf(request, pending), newPassword },
        forward(contextOf(request).outbound),
      );
    return await afterStep(peers, request, reply, pending, pageFlow, answer);
  } catch (error) {
    const fault = newPasswordFault(error);
    if (fault === undefined) throw error;
    return showNewPassword(peers, request, reply, pending, pageFlow, fault);
  }
}

/** What the form says to an error; undefined for one that it has no words for. */
export function newPasswordFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const answer = errorAnswer(error);
  const { reason, id } = answer;
  if (reason === "HASHING_BUSY") return busyFault(answer);
  if (reason !== "PASSWORD_NOT_ALLOWED" && reason !== "INVALID_REQUEST") return undefined;
  // What the form sends is no request only where nothing, or far too much, was typed.
  const { rule = "too_short", limit = "15" } = reason === "INVALID_REQUEST" ? {} : (errorInfoOf(error)?.metadata ?? {});
  const field = (texts: Texts) => ruleSentence(texts, rule, limit);
  return { status: 400, id, sentence: text("fault_new_password"), field };
}
