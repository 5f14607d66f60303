import { ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { AuthorizationService, type GetAuthorizationResponse } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import { errorId } from "../../host/error-id.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { leadOn } from "../oidc/authorization-answer.ts";
import { browserCookies } from "../oidc/browser-cookies.ts";
import { cookieNames, writeCookie } from "../oidc/cookies.ts";
import type { Form } from "../oidc/form.ts";
import { logoPath } from "./client-logo.ts";
import type { ShowError } from "./error-page.ts";
import { shownFault, text, waitFault, type Fault } from "./fault.ts";
import { answering, mountPageForm, parsedQuery } from "./page-form.ts";
import { sendPage } from "./render.ts";
import { letterOf } from "./shown-account.ts";

/** What the page goes on with from one request to the next. */
interface Pending {
  readonly authorizationId: string;
  readonly browserToken: string;
  readonly sessionToken: string;
  readonly shown: GetAuthorizationResponse;
}

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
      const pending = await pendingOf(request, id);
      return showSignIn(request, reply, pending, pending.shown.loginHint);
    });
  });
  mountPageForm(app, path, showError, async (request, reply, form) => {
    const pending = await pendingOf(request, form.get("authorization"));
    return form.has("new_password")
      ? submitNewPassword(request, reply, pending, form)
      : submitPassword(request, reply, pending, form);
  });

  async function pendingOf(request: FastifyRequest, authorizationId: string): Promise<Pending> {
    const { browserToken, sessionToken } = browserCookies(request);
    const shown = await peers
      .client(AuthorizationService)
      .getAuthorization(
        { authorizationId: authorizationId.slice(0, 128) || "none", browserToken },
        forward(contextOf(request).outbound),
      );
    return { authorizationId, browserToken, sessionToken, shown };
  }

  const browserOf = (request: FastifyRequest, { browserToken, sessionToken }: Pending) => ({
    browserToken,
    sessionToken,
    remoteAddress: contextOf(request).remoteAddress.slice(0, 64),
    userAgent: (request.headers["user-agent"] ?? "").slice(0, 256).toWellFormed(),
  });

  async function submitPassword(
    request: FastifyRequest,
    reply: FastifyReply,
    pending: Pending,
    form: Form,
  ): Promise<FastifyReply> {
    const { outbound } = contextOf(request);
    const username = form.get("username").trim().slice(0, 320);
    const password = form.get("password");
    if (username === "" || password === "" || password.length > 1_024) {
      const fault = { status: 400, id: errorId("INVALID_REQUEST"), sentence: text("fault_empty") };
      return showSignIn(request, reply, pending, username, fault);
    }
    const flows = peers.client(BrowserFlowService);
    const browser = browserOf(request, pending);
    try {
      const { flow } = await flows.createFlow({ username, browser }, forward(outbound));
      const flowId = flow?.id ?? "";
      const answer = await flows.submitPassword({ flowId, browser, password }, forward(outbound));
      if (answer.flow?.nextSteps.includes(FlowStep.NEW_PASSWORD) === true) {
        return await showNewPassword(request, reply, pending, { flowId, username });
      }
      return await goOn(request, reply, pending, answer.sessionToken);
    } catch (error) {
      const fault = signInFault(error);
      if (fault === undefined) throw error;
      return showSignIn(request, reply, pending, username, fault);
    }
  }

  async function submitNewPassword(
    request: FastifyRequest,
    reply: FastifyReply,
    pending: Pending,
    form: Form,
  ): Promise<FastifyReply> {
    const { outbound } = contextOf(request);
    const flowId = form.get("flow").slice(0, 128) || "none";
    const newPassword = form.get("new_password").slice(0, 1_024);
    const browser = browserOf(request, pending);
    try {
      const answer = await peers
        .client(BrowserFlowService)
        .submitNewPassword({ flowId, browser, newPassword }, forward(outbound));
      return await goOn(request, reply, pending, answer.sessionToken);
    } catch (error) {
      const fault = newPasswordFault(error);
      if (fault === undefined) throw error;
      return showNewPassword(request, reply, pending, { flowId, username: form.get("username") }, fault);
    }
  }

  /** Gives the browser its session, and leads it on. */
  async function goOn(
    request: FastifyRequest,
    reply: FastifyReply,
    { authorizationId, browserToken }: Pending,
    sessionToken: string,
  ): Promise<FastifyReply> {
    const { outbound, tenant } = contextOf(request);
    const isSecure = tenant.canonicalOrigin.startsWith("https:");
    const { next } = await peers
      .client(AuthorizationService)
      .resumeAuthorization({ authorizationId, browserToken, sessionToken }, forward(outbound));
    void reply.header("set-cookie", writeCookie(cookieNames(isSecure).session, sessionToken, isSecure));
    return leadOn(request, reply, next);
  }
}

function showSignIn(
  request: FastifyRequest,
  reply: FastifyReply,
  { authorizationId, shown }: Pending,
  username: string,
  fault?: Fault,
): Promise<FastifyReply> {
  return sendPage(request, reply, {
    template: "sign-in",
    status: fault?.status ?? 200,
    uiLocales: shown.uiLocales,
    ...(fault?.headers === undefined ? {} : { headers: fault.headers }),
    show: (texts) => ({
      authorization: authorizationId,
      username,
      client: {
        name: shown.clientName || shown.clientId,
        letter: letterOf(shown.clientName || shown.clientId),
        logo: logoPath(shown.clientId, shown.logoVersion),
        policyUri: shown.policyUri,
        tosUri: shown.tosUri,
      },
      ...shownFault(fault, texts),
    }),
  });
}

function showNewPassword(
  request: FastifyRequest,
  reply: FastifyReply,
  { authorizationId, shown }: Pending,
  { flowId, username }: { readonly flowId: string; readonly username: string },
  fault?: Fault,
): Promise<FastifyReply> {
  return sendPage(request, reply, {
    template: "new-password",
    status: fault?.status ?? 200,
    uiLocales: shown.uiLocales,
    show: (texts) => ({ authorization: authorizationId, flow: flowId, username, ...shownFault(fault, texts) }),
  });
}

/** What the sign-in form says to an error; undefined for one that it has no words for. */
function signInFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id, headers } = errorAnswer(error);
  switch (reason) {
    case "PASSWORD_MISMATCH":
      return { status: 401, id, sentence: text("fault_mismatch"), field: text("fault_mismatch_field") };
    case "TOO_MANY_ATTEMPTS":
      return waitFault({ id, headers });
    case "HASHING_BUSY":
      return {
        status: 503,
        id,
        sentence: text("fault_busy"),
        headers: { "retry-after": headers["retry-after"] ?? "2" },
      };
    default:
      return undefined;
  }
}

function newPasswordFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id, headers } = errorAnswer(error);
  if (reason === "HASHING_BUSY") {
    return { status: 503, id, sentence: text("fault_busy"), headers: { "retry-after": headers["retry-after"] ?? "2" } };
  }
  if (reason !== "PASSWORD_NOT_ALLOWED" && reason !== "INVALID_REQUEST") return undefined;
  const said = error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.description ?? "";
  const key = said.includes("at least")
    ? "fault_short"
    : said.includes("at most")
      ? "fault_long"
      : said.includes("replaces")
        ? "fault_same"
        : said.includes("common")
          ? "fault_common"
          : "fault_simple";
  return { status: 400, id, sentence: text("fault_new_password"), field: text(key) };
}
