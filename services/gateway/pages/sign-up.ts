import { ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SignUpPageService } from "#gen/koder/auth/v1/sign_up_internal_pb.ts";
import { SignUpService } from "#gen/koder/auth/v1/sign_up_service_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import { errorId } from "../../host/error-id.ts";
import type { Peers } from "../../host/peers.ts";
import { typedLine } from "../../host/shown-line.ts";
import { contextOf } from "../context.ts";
import type { Form } from "../oidc/form.ts";
import type { ShowError } from "./error-page.ts";
import { authorizationIdOf } from "./form-page.ts";
import { text, waitFault, type Fault } from "./fault.ts";
import { longest } from "./longest-inputs.ts";
import { askedPassword } from "./new-password-judgement.ts";
import { newPasswordFault } from "./new-password.ts";
import { answering, mountPageForm, parsedQuery } from "./page-form.ts";
import { pendingSignIn, type PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { showSignUp, showSignUpChoice } from "./sign-up-pages.ts";
import { signInAfterSignUp } from "./sign-in-after-sign-up.ts";
import { chooseLocale } from "./texts.ts";

/**
 * The pages by which people open an account: ask for a link, and choose name and password by the one that was mailed. Opening
 * the link uses nothing up, because mail programs open links too; sending the form does. Whoever opens it in the browser in
 * which an application waits is signed in to it.
 */
export function mountSignUp(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  const path = "/sign-up";
  app.get(path, async (request, reply) => {
    const query = parsedQuery(request);
    if (query === undefined || query.duplicates.length > 0) {
      return showError(request, reply, { status: 400, reason: "INVALID_REQUEST" });
    }
    const token = query.get("token").slice(0, longest.secret);
    return answering(showError, request, reply, async () => {
      if (token !== "") return choice(request, reply, { token });
      if (!(await isSignUpOpen(peers, request))) return noSuchPage(request, reply);
      return showSignUp(request, reply, await asked(request, query), "");
    });
  });
  mountPageForm(app, path, showError, (request, reply, form) =>
    form.has("token") ? confirm(request, reply, form) : ask(request, reply, form),
  );

  const noSuchPage = (request: FastifyRequest, reply: FastifyReply) =>
    showError(request, reply, { status: 404, reason: "NOT_FOUND" });

  /** The application that waits, where one does. */
  const asked = async (request: FastifyRequest, form: Form): Promise<PendingSignIn | undefined> =>
    form.get("authorization") === "" ? undefined : pendingSignIn(peers, request, form.get("authorization"));

  async function ask(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const email = form.get("email").trim().slice(0, longest.email);
    const pending = await asked(request, form);
    const authorizationId = pending === undefined ? "" : authorizationIdOf(form.get("authorization"));
    const locale = chooseLocale(pending?.shown.uiLocales ?? "", request.headers["accept-language"]);
    try {
      await peers
        .client(SignUpService)
        .startSignUp({ email, locale, authorizationId }, forward(contextOf(request).outbound));
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const { reason, id, headers } = errorAnswer(error);
      if (reason === "TOO_MANY_ATTEMPTS") return showSignUp(request, reply, pending, email, waitFault({ id, headers }));
      if (reason === "SIGN_UP_NOT_ALLOWED") return noSuchPage(request, reply);
      if (reason !== "INVALID_REQUEST") throw error;
      return showSignUp(request, reply, pending, email, { status: 400, id, sentence: text("fault_sign_up_email") });
    }
    return sendPage(request, reply, {
      template: "sign-up-sent",
      status: 200,
      ...(pending === undefined ? {} : { uiLocales: pending.shown.uiLocales }),
      show: () => ({ email, authorization: authorizationId }),
    });
  }

  /** The form of a link; for one that is good for nothing, the form that asks for another. */
  async function choice(
    request: FastifyRequest,
    reply: FastifyReply,
    given: { readonly token: string; readonly name?: string; readonly isAccepted?: boolean },
    fault?: Parameters<typeof showSignUpChoice>[3],
  ): Promise<FastifyReply> {
    try {
      const invited = await peers
        .client(SignUpPageService)
        .getSignUp({ token: given.token }, forward(contextOf(request).outbound));
      const { shortest } = await askedPassword(peers, request, { token: given.token });
      const { email, termsVersion } = invited;
      const shown = { name: invited.name, isAccepted: false, ...given, email, shortest, termsVersion };
      return await showSignUpChoice(request, reply, shown, fault);
    } catch (error) {
      return linkInvalid(request, reply, error);
    }
  }

  async function confirm(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const token = form.get("token").slice(0, longest.secret) || "none";
    const name = typedLine(form.get("name")).slice(0, longest.name);
    const password = form.get("new_password").slice(0, longest.password) || " ";
    const termsVersion = form.get("terms_version").slice(0, longest.termsVersion);
    try {
      const { email, authorizationId } = await peers
        .client(SignUpService)
        .confirmSignUp({ token, name, password, termsVersion }, forward(contextOf(request).outbound));
      return await signInAfterSignUp(peers, request, reply, { email, password, authorizationId });
    } catch (error) {
      const fault = newPasswordFault(error) ?? termsFault(error);
      const again = { token, name, isAccepted: termsVersion !== "" };
      return fault === undefined ? linkInvalid(request, reply, error) : choice(request, reply, again, fault);
    }
  }

  /** Says why a link is good for nothing, and lets the person ask for another where they may. */
  async function linkInvalid(request: FastifyRequest, reply: FastifyReply, error: unknown): Promise<FastifyReply> {
    if (!(error instanceof ConnectError)) throw error;
    const { reason } = errorAnswer(error);
    if (reason === "SIGN_UP_NOT_ALLOWED") return noSuchPage(request, reply);
    const sentence = {
      SIGN_UP_TOKEN_INVALID: "fault_sign_up_token",
      // It was used between two looks at it.
      RECOVERY_TOKEN_INVALID: "fault_sign_up_token",
      EMAIL_TAKEN: "fault_sign_up_taken",
    }[reason];
    if (sentence === undefined) throw error;
    const fault = { status: 400, id: errorId(reason), sentence: text(sentence) };
    return showSignUp(request, reply, undefined, "", fault, await isSignUpOpen(peers, request));
  }
}

/** Whether people may open accounts here by themselves. */
async function isSignUpOpen(peers: Peers, request: FastifyRequest): Promise<boolean> {
  const { allowed } = await peers.client(SignUpPageService).getSignUpPolicy({}, forward(contextOf(request).outbound));
  return allowed;
}

/** What the form says to somebody who has not accepted the terms, or other ones than there are by now. */
function termsFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id } = errorAnswer(error);
  return reason === "TERMS_NOT_ACCEPTED" ? { status: 400, id, sentence: text("fault_terms") } : undefined;
}
