import { ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { DeviceService, type DeviceConfirmation } from "#gen/koder/oauth/v1/device_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { leadToPage } from "../oidc/authorization-answer.ts";
import { browserCookies, browserCookiesOrNew } from "../oidc/browser-cookies.ts";
import type { Form } from "../oidc/form.ts";
import type { ShowError } from "./error-page.ts";
import { answeredBy, shownFault, text, waitFault, type Fault } from "./fault.ts";
import { authorizationIdOf } from "./form-page.ts";
import { groupedScopes } from "./grouped-scopes.ts";
import { longest } from "./longest-inputs.ts";
import { answering, mountPageForm, parsedQuery } from "./page-form.ts";
import { sendPage } from "./render.ts";

/** More than anybody types for eight letters. */
const longestCode = 100;

/**
 * The pages of the device grant (RFC 8628 §3.3): type the code, sign in where needed, decide. A code in the address fills the
 * form in and does nothing else (§3.3.1): whoever follows a link decides by a page that shows who asks (§5.4).
 */
export function mountDevice(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  app.get("/device", async (request, reply) => {
    browserCookiesOrNew(request, reply);
    return showCodeForm(request, reply, parsedQuery(request)?.get("user_code").slice(0, longestCode) ?? "");
  });
  mountPageForm(app, "/device", showError, enterCode);
  app.get("/device/confirm", async (request, reply) =>
    answering(showError, request, reply, () =>
      whileItWaits(request, reply, () => confirm(request, reply, parsedQuery(request)?.get("authorization") ?? "")),
    ),
  );
  mountPageForm(app, "/device/confirm", showError, (request, reply, form) =>
    whileItWaits(request, reply, () => decide(request, reply, form)),
  );

  async function enterCode(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const { outbound, remoteAddress } = contextOf(request);
    const typed = form.get("user_code").slice(0, longestCode);
    try {
      const { authorizationId, signIn } = await peers.client(DeviceService).enterUserCode(
        {
          userCode: typed,
          ...browserCookiesOrNew(request, reply),
          remoteAddress: remoteAddress.slice(0, longest.remoteAddress),
        },
        forward(outbound),
      );
      return leadToPage(reply, signIn ? "signIn" : "confirmDevice", authorizationId);
    } catch (error) {
      const fault = codeFault(error);
      if (fault === undefined) throw error;
      return showCodeForm(request, reply, typed, fault);
    }
  }

  async function confirm(request: FastifyRequest, reply: FastifyReply, id: string): Promise<FastifyReply> {
    const authorizationId = authorizationIdOf(id);
    const { confirmation } = await peers
      .client(DeviceService)
      .getDeviceConfirmation({ authorizationId, ...browserCookies(request) }, forward(contextOf(request).outbound));
    return confirmation === undefined
      ? leadToPage(reply, "signIn", authorizationId)
      : showConfirmation(request, reply, authorizationId, confirmation);
  }

  async function decide(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const action = form.get("action");
    if (action !== "allow" && action !== "deny") {
      return showError(request, reply, { status: 400, reason: "INVALID_REQUEST" });
    }
    const authorizationId = authorizationIdOf(form.get("authorization"));
    const { signIn, showAgain } = await peers.client(DeviceService).decideDevice(
      {
        authorizationId,
        sessionId: form.get("session").slice(0, longest.sessionId),
        allowed: action === "allow",
        ...browserCookies(request),
      },
      forward(contextOf(request).outbound),
    );
    if (signIn) return leadToPage(reply, "signIn", authorizationId);
    if (showAgain) return leadToPage(reply, "confirmDevice", authorizationId);
    return showDone(request, reply, action === "allow");
  }
}

/** Runs a step of a decision; where nothing waits for it any more, people type the code again. */
async function whileItWaits(
  request: FastifyRequest,
  reply: FastifyReply,
  step: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await step();
  } catch (error) {
    const fault = goneFault(error);
    // Whoever refuses cookies would come here each time: the page for that says so.
    if (fault === undefined || browserCookies(request).browserToken === "") throw error;
    return showCodeForm(request, reply, "", fault);
  }
}

const showCodeForm = (request: FastifyRequest, reply: FastifyReply, typed: string, fault?: Fault) =>
  sendPage(request, reply, {
    template: "device",
    ...answeredBy(fault),
    show: (texts) => ({ userCode: typed, ...shownFault(fault, texts) }),
  });

const showConfirmation = (
  request: FastifyRequest,
  reply: FastifyReply,
  authorizationId: string,
  {
    clientId,
    clientName,
    policyUri,
    tosUri,
    groups,
    userCode,
    accountName,
    accountEmail,
    sessionId,
  }: DeviceConfirmation,
) =>
  sendPage(request, reply, {
    template: "device-confirm",
    status: 200,
    show: (texts) => ({
      authorization: authorizationId,
      client: { name: clientName || clientId, policyUri, tosUri },
      account: { session: sessionId, name: accountName, email: accountEmail === accountName ? "" : accountEmail },
      groups: groupedScopes(groups, texts),
      userCode,
    }),
  });

const showDone = (request: FastifyRequest, reply: FastifyReply, allowed: boolean) =>
  sendPage(request, reply, { template: "device-done", status: 200, show: () => ({ allowed }) });

/** What the form says to whoever comes back to a decision that is over; undefined for any other error. */
function goneFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, status, id } = errorAnswer(error);
  return reason === "AUTHORIZATION_NOT_FOUND" ? { status, id, sentence: text("fault_device_gone") } : undefined;
}

/** What the form says to an error; undefined for one that it has no words for. */
function codeFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id, headers } = errorAnswer(error);
  switch (reason) {
    case "USER_CODE_NOT_FOUND":
      return { status: 404, id, sentence: text("fault_user_code"), field: text("fault_user_code_field") };
    case "TOO_MANY_USER_CODES":
      return waitFault({ id, headers });
    default:
      return undefined;
  }
}
