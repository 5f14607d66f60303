import { ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import { errorId } from "../../host/error-id.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { giveBrowserToken } from "../oidc/browser-cookies.ts";
import type { Form } from "../oidc/form.ts";
import { isTermsDecision, submitTermsDecision } from "./accept-terms.ts";
import { afterStep, toApplication, type PageFlow } from "./after-step.ts";
import { isEnrolment, submitEnrolment } from "./enrol-factor.ts";
import { inLanguageOf, type ShowError } from "./error-page.ts";
import { answeredBy, busyFault, shownFault, text, usedUpFault, waitFault, type Fault } from "./fault.ts";
import { longest } from "./longest-inputs.ts";
import { submitNewPassword } from "./new-password.ts";
import { answering, mountPageForm, parsedQuery } from "./page-form.ts";
import { givePasskey, passkeyFault, unknownPasskey } from "./passkey.ts";
import { browserOf, pendingSignIn, type PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { namedWays, showSecondFactor } from "./second-factor.ts";
import { shownClient } from "./shown-client.ts";
import { submitSecondFactor } from "./submit-second-factor.ts";
import { isEmailVerification, submitEmailVerification } from "./verify-email.ts";

/**
 * The sign-in page. It shows what the oauth service says of the pending authorization, gives what the person types to the
 * auth service, and goes on to the client; what is right or wrong is for those to say.
 */
export function mountSignIn(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  const path = "/sign-in";
  app.get(path, async (request, reply) => {
    const form = parsedQuery(request);
    const id = form?.get("authorization") ?? "";
    if (id === "") return showError(request, reply, { status: 400, reason: "START_ELSEWHERE" });
    return answering(showError, request, reply, async () => {
      const pending = await pendingSignIn(peers, request, id);
      return answering(inLanguageOf(showError, pending.shown), request, reply, () =>
        showSignIn(peers, request, reply, pending, pending.shown.loginHint),
      );
    });
  });
  mountPageForm(app, path, showError, async (request, reply, form) => {
    const pending = await pendingSignIn(peers, request, form.get("authorization"));
    return answering(inLanguageOf(showError, pending.shown), request, reply, async () => {
      try {
        return await submit(request, reply, pending, form);
      } catch (error) {
        const fault = flowGoneFault(error);
        if (fault === undefined) throw error;
        return showSignIn(peers, request, reply, pending, pageFlowOf(form).username, fault);
      }
    });
  });

  /** Takes what one of the pages of a sign-in sent: its fields say which. */
  async function submit(
    request: FastifyRequest,
    reply: FastifyReply,
    pending: PendingSignIn,
    form: Form,
  ): Promise<FastifyReply> {
    if (form.has("done")) return toApplication(peers, request, reply, pending);
    if (isEnrolment(form)) return submitEnrolment(peers, request, reply, pending, pageFlowOf(form), form);
    if (isTermsDecision(form)) return submitTermsDecision(peers, request, reply, pending, pageFlowOf(form), form);
    if (isEmailVerification(form))
      return submitEmailVerification(peers, request, reply, pending, pageFlowOf(form), form);
    if (form.has("new_password")) return submitNewPassword(peers, request, reply, pending, pageFlowOf(form), form);
    if (form.has("passkey")) return submitPasskey(request, reply, pending, form);
    // Which of the two the page of a second factor sent: its code, or only that it is to be another way.
    if (form.has("code") || form.has("way")) {
      return submitSecondFactor(peers, request, reply, pending, pageFlowOf(form), form);
    }
    return submitPassword(request, reply, pending, form);
  }

  async function submitPassword(
    request: FastifyRequest,
    reply: FastifyReply,
    pending: PendingSignIn,
    form: Form,
  ): Promise<FastifyReply> {
    const { outbound } = contextOf(request);
    const username = form.get("username").trim().slice(0, longest.username);
    const password = form.get("password");
    if (username === "" || password === "" || password.length > longest.password) {
      const fault = { status: 400, id: errorId("INVALID_REQUEST"), sentence: text("fault_empty") };
      return showSignIn(peers, request, reply, pending, username, fault);
    }
    const { clientId, acrValues } = pending.shown;
    const given = { username, browser: browserOf(request, pending), password, clientId, acrValues };
    try {
      const answer = await peers.client(BrowserFlowService).submitPassword(given, forward(outbound));
      return await afterStep(peers, request, reply, pending, { flowId: answer.flow?.id ?? "", username }, answer);
    } catch (error) {
      const fault = signInFault(error);
      if (fault === undefined) throw error;
      return showSignIn(peers, request, reply, pending, username, fault);
    }
  }

  async function submitPasskey(
    request: FastifyRequest,
    reply: FastifyReply,
    pending: PendingSignIn,
    form: Form,
  ): Promise<FastifyReply> {
    const isSecond = form.has("flow");
    const remember = isSecond && form.get("remember") === "yes";
    const pageFlow = isSecond ? pageFlowOf(form) : { flowId: "", username: "" };
    try {
      const answer = await givePasskey(peers, request, pending, pageFlow, form);
      // The token that it is remembered by must not be gone before.
      if (remember) giveBrowserToken(request, reply, pending.browserToken);
      return await afterStep(peers, request, reply, pending, pageFlow, answer);
    } catch (error) {
      const fault = passkeyFault(error, isSecond);
      if (fault === undefined) throw error;
      const ways = namedWays(form.get("ways"));
      return isSecond
        ? showSecondFactor(peers, request, reply, pending, { ...pageFlow, ways, way: "passkey", remember }, fault)
        : showSignIn(peers, request, reply, pending, pending.shown.loginHint, fault, unknownPasskey(error, form));
    }
  }
}

/** The flow that a page names in its form. */
const pageFlowOf = (form: Form): PageFlow => ({
  flowId: form.get("flow").slice(0, longest.secret) || "none",
  username: form.get("username").slice(0, longest.username),
});

async function showSignIn(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  username: string,
  fault?: Fault,
  unknown = "",
): Promise<FastifyReply> {
  const { authorizationId, shown } = pending;
  const { clientId } = shown;
  const {
    password,
    passkeyOptionsJson: passkey,
    signUpAllowed: signUp,
  } = await peers
    .client(BrowserFlowService)
    .offerSignIn({ clientId, browser: browserOf(request, pending) }, forward(contextOf(request).outbound));
  return sendPage(request, reply, {
    template: "sign-in",
    isKept: username === "" && fault === undefined && unknown === "",
    ...answeredBy(fault),
    uiLocales: shown.uiLocales,
    show: (texts) => ({
      authorization: authorizationId,
      username,
      signUp,
      password,
      passkey,
      unknown,
      beside: password ? "beside" : "",
      kind: password ? "secondary" : "primary",
      client: shownClient(shown),
      ...shownFault(fault, texts),
    }),
  });
}

/**
 * What is said to whoever sent a page of a flow that is over: it was open for longer than the flow, or sent twice. What the
 * application asked for still waits, so that they sign in again. Undefined for any other error.
 */
function flowGoneFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, status, id } = errorAnswer(error);
  const isGone = reason === "FLOW_NOT_FOUND" || reason === "STEP_NOT_EXPECTED";
  return isGone ? { status, id, sentence: text("fault_flow_gone") } : undefined;
}

/** What the sign-in form says to an error; undefined for one that it has no words for. */
function signInFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id, headers } = errorAnswer(error);
  switch (reason) {
    // The page was loaded before the policy changed: what it offers is gone.
    case "STEP_NOT_EXPECTED":
    case "PASSWORD_MISMATCH":
      return { status: 401, id, sentence: text("fault_mismatch"), field: text("fault_mismatch_field") };
    case "TOO_MANY_ATTEMPTS":
      return waitFault({ id, headers });
    case "ATTEMPTS_USED_UP":
      return usedUpFault({ id });
    case "HASHING_BUSY":
      return busyFault({ id, headers });
    default:
      return undefined;
  }
}
