import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { OAuthError } from "#gen/koder/oauth/v1/error_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { seeOther } from "../see-other.ts";
import type { ShowError } from "../pages/error-page.ts";
import { leadOn } from "./authorization-answer.ts";
import { authorizationParameters } from "./authorization-parameters.ts";
import { browserCookiesOrNew } from "./browser-cookies.ts";
import { mountBrowserEndpoint, uiLocalesOf } from "./browser-endpoint.ts";
import type { Form } from "./form.ts";

/**
 * The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2). A POST is kept and sent on to a GET,
 * so that Lax cookies come with it. Where a part of us is away, people see a page that says so.
 */
export function mountAuthorize(
  app: FastifyInstance,
  { peers, showError }: { peers: Peers; showError: ShowError },
): void {
  const path = "/oauth/v2/authorize";
  mountBrowserEndpoint(app, {
    path,
    showError,
    read: answer,
    sent: async (request, reply, form) =>
      form === undefined
        ? showError(request, reply, { status: 400, reason: "INVALID_REQUEST", detail: "the request has no form" })
        : keep(request, reply, form),
  });

  async function keep(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const { next } = await peers
      .client(AuthorizationService)
      .keepAuthorization({ parameters: authorizationParameters(form) }, forward(contextOf(request).outbound));
    switch (next.case) {
      case "kept": {
        const { clientId, requestUri } = next.value;
        const query = new URLSearchParams({ client_id: clientId, request_uri: requestUri });
        return seeOther(reply, `${path}?${query.toString()}`);
      }
      case "errorPage":
        return showRefusal(request, reply, form, next.value);
      default:
        return leadOn(request, reply, next);
    }
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const { browserToken, sessionToken } = browserCookiesOrNew(request, reply);
    const { next } = await peers
      .client(AuthorizationService)
      .authorize(
        { parameters: authorizationParameters(form), sessionToken, browserToken },
        forward(contextOf(request).outbound),
      );
    return next.case === "errorPage" ? showRefusal(request, reply, form, next.value) : leadOn(request, reply, next);
  }

  /** What may not go to the client is shown to the person, who can tell those that run it. */
  const showRefusal = (
    request: FastifyRequest,
    reply: FastifyReply,
    form: Form,
    { error, errorDescription }: OAuthError,
  ) =>
    showError(request, reply, {
      status: 400,
      reason: "INVALID_REQUEST",
      detail: `${error}: ${errorDescription}`,
      culprit: "application",
      uiLocales: uiLocalesOf(form),
    });
}
