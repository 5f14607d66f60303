import { ConnectError } from "@connectrpc/connect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { FlowState, type Flow } from "#gen/koder/auth/v1/flow_pb.ts";
import { RequiredActionService } from "#gen/koder/auth/v1/required_action_internal_pb.ts";
import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { leadOn, leadToPage } from "../oidc/authorization-answer.ts";
import type { Form } from "../oidc/form.ts";
import { afterStep, type PageFlow } from "./after-step.ts";
import { longest } from "./longest-inputs.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { letterOf } from "./shown-account.ts";
import { filled } from "./texts.ts";

/** Whether a form is that of the terms. */
export const isTermsDecision = (form: Form): boolean => form.has("terms");

/** Asks a person to accept the tenant's terms, with a link to them, and yes and no side by side. */
export const showTerms = (
  request: FastifyRequest,
  reply: FastifyReply,
  { authorizationId, shown }: PendingSignIn,
  { flowId, username }: PageFlow,
  terms: Flow["terms"],
): Promise<FastifyReply> =>
  sendPage(request, reply, {
    template: "accept-terms",
    status: 200,
    uiLocales: shown.uiLocales,
    show: (texts, tenant) => ({
      authorization: authorizationId,
      flow: flowId,
      username,
      letter: letterOf(username),
      version: terms?.version,
      uri: terms?.uri,
      lead: filled(texts[terms?.acceptedVersion ? "terms_lead_changed" : "terms_lead"], { tenant }),
      read: filled(texts["terms_read"], { tenant }),
    }),
  });

/** Takes what they decided. Whoever declines goes back to the application, which is told so. */
export async function submitTermsDecision(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  pageFlow: PageFlow,
  form: Form,
): Promise<FastifyReply> {
  const options = forward(contextOf(request).outbound);
  const { flowId } = pageFlow;
  const given = {
    flowId,
    browser: browserOf(request, pending),
    // Anything but a plain yes is a no.
    accepted: form.get("terms") === "accept",
    version: form.get("terms_version").slice(0, longest.termsVersion),
  };
  const { authorizationId, browserToken, sessionToken } = pending;
  try {
    const answer = await peers.client(RequiredActionService).submitTerms(given, options);
    if (answer.flow?.state !== FlowState.FAILED)
      return await afterStep(peers, request, reply, pending, pageFlow, answer);
  } catch (error) {
    // Other terms took the place of those that the page showed: the sign-in begins anew, and shows them.
    if (!(error instanceof ConnectError) || errorAnswer(error).reason !== "TERMS_NOT_ACCEPTED") throw error;
    return leadToPage(reply, "signIn", authorizationId);
  }
  const { next } = await peers
    .client(AuthorizationService)
    .declineAuthorization({ authorizationId, browserToken, sessionToken }, options);
  return leadOn(request, reply, next);
}
