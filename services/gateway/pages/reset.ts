import { ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { RecoveryService } from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import { errorId } from "../../host/error-id.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { Form } from "../oidc/form.ts";
import type { ShowError } from "./error-page.ts";
import { answeredBy, shownFault, text, waitFault, type Fault } from "./fault.ts";
import { longest } from "./longest-inputs.ts";
import { answering, mountPageForm, parsedQuery } from "./page-form.ts";
import { waitingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { askedPassword, type AskedPassword } from "./new-password-judgement.ts";
import { newPasswordFault, newPasswordHint } from "./new-password.ts";
import { chooseLocale } from "./texts.ts";

/** What the form that asks for a link shows. */
interface Asked {
  readonly username: string;
  /** The way back to a sign-in that waits, whose language is gone on in; empty for none. */
  readonly authorization: string;
  readonly uiLocales: string;
}

const ofNobody: Asked = { username: "", authorization: "", uiLocales: "" };

/**
 * The pages of a lost password: ask for a link, and choose a new password by the one that was mailed. Opening the link uses
 * nothing up, because mail programs open links too; sending the form does. Whether anybody has the name is told nowhere.
 */
export function mountReset(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  const path = "/reset";
  app.get(path, async (request, reply) => {
    const query = parsedQuery(request);
    if (query === undefined || query.duplicates.length > 0) {
      return showError(request, reply, { status: 400, reason: "INVALID_REQUEST" });
    }
    const token = query.get("token").slice(0, longest.secret);
    return answering(showError, request, reply, async () =>
      token === ""
        ? showAsk(request, reply, await waitingFor(request, query, ""))
        : showChoose(peers, request, reply, token),
    );
  });
  mountPageForm(app, path, showError, (request, reply, form) =>
    form.has("new_password") ? choose(request, reply, form) : ask(request, reply, form),
  );

  async function ask(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const username = form.get("username").trim().slice(0, longest.username);
    const asked = await waitingFor(request, form, username);
    if (username === "") {
      const fault = { status: 400, id: errorId("INVALID_REQUEST"), sentence: text("fault_reset_empty") };
      return showAsk(request, reply, asked, fault);
    }
    const locale = chooseLocale(asked.uiLocales, request.headers["accept-language"]);
    try {
      await peers.client(RecoveryService).startRecovery({ username, locale }, forward(contextOf(request).outbound));
    } catch (error) {
      const { reason, id, headers } = errorAnswer(error instanceof ConnectError ? error : new ConnectError(""));
      if (reason !== "TOO_MANY_ATTEMPTS") throw error;
      return showAsk(request, reply, asked, waitFault({ id, headers }));
    }
    const { uiLocales } = asked;
    return sendPage(request, reply, { template: "reset-sent", status: 200, uiLocales, show: () => ({ ...asked }) });
  }

  /** What was asked, with the sign-in that it came from, where that still waits in this browser. */
  async function waitingFor(request: FastifyRequest, form: Form, username: string): Promise<Asked> {
    const pending = await waitingSignIn(peers, request, form.get("authorization"));
    if (pending === undefined) return { ...ofNobody, username };
    return { username, authorization: pending.authorizationId, uiLocales: pending.shown.uiLocales };
  }

  async function choose(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const token = form.get("token").slice(0, longest.secret) || "none";
    const newPassword = form.get("new_password").slice(0, longest.password) || " ";
    try {
      await peers.client(RecoveryService).confirmRecovery({ token, newPassword }, forward(contextOf(request).outbound));
    } catch (error) {
      const fault = newPasswordFault(error);
      if (fault === undefined) return askAgain(request, reply, error);
      return showChoose(peers, request, reply, token, fault);
    }
    return sendPage(request, reply, { template: "reset-done", status: 200, show: () => ({}) });
  }
}

const showAsk = (request: FastifyRequest, reply: FastifyReply, asked: Asked, fault?: Fault) =>
  sendPage(request, reply, {
    template: "reset",
    ...answeredBy(fault),
    uiLocales: asked.uiLocales,
    show: (texts) => ({ ...asked, ...shownFault(fault, texts) }),
  });

/** Says that a link is good for nothing, with the form that asks for another one. Rejects with any other error. */
async function askAgain(request: FastifyRequest, reply: FastifyReply, error: unknown): Promise<FastifyReply> {
  if (!(error instanceof ConnectError)) throw error;
  const { reason, id } = errorAnswer(error);
  if (reason !== "RECOVERY_TOKEN_INVALID") throw error;
  const fault = { status: 400, id, sentence: text("fault_reset_token") };
  return showAsk(request, reply, ofNobody, fault);
}

/** The form of a link; for one that is good for nothing, the form that asks for another. */
async function showChoose(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  fault?: Fault,
): Promise<FastifyReply> {
  let asked: AskedPassword;
  try {
    asked = await askedPassword(peers, request, { token });
  } catch (error) {
    return askAgain(request, reply, error);
  }
  return sendPage(request, reply, {
    template: "reset-choose",
    judgesPassword: true,
    ...answeredBy(fault),
    show: (texts) => ({
      token,
      email: asked.email,
      hint: newPasswordHint(texts, asked.shortest),
      ...shownFault(fault, texts),
    }),
  });
}
