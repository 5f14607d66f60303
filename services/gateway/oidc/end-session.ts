import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LogoutService } from "#gen/koder/oauth/v1/logout_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { longestToken } from "../../vault/verify-jwt.ts";
import { randomToken } from "../../vault/random.ts";
import { contextOf } from "../context.ts";
import { seeOther } from "../see-other.ts";
import type { ShowError } from "../pages/error-page.ts";
import { leadToClient, showLogoutQuestion, showSignedOut } from "../pages/logout.ts";
import { atMost, longestSent } from "./at-most.ts";
import { browserCookies, giveBrowserToken } from "./browser-cookies.ts";
import { mountBrowserEndpoint, uiLocalesOf } from "./browser-endpoint.ts";
import { cookieNames, forgetCookie } from "./cookies.ts";
import { duplicatesOf, type Form } from "./form.ts";

/** Room for an id token and what else there is: a request line has no more than a listener takes as headers. */
const longestQuery = longestToken + 8_000;

/**
 * The end session endpoint (OpenID Connect RP-Initiated Logout 1.0 §2). A POST is sent on to a GET with the same parameters,
 * so that Lax cookies come with it. Where a part of us is away, people see a page that says so.
 */
export function mountEndSession(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  const path = "/oidc/v1/end_session";
  mountBrowserEndpoint(app, {
    path,
    showError,
    read: answer,
    async sent(request, reply, form) {
      const query = new URLSearchParams((form?.pairs ?? []).map(([name, value]) => [name, value])).toString();
      if (query.length <= longestQuery) return seeOther(reply, `${path}?${query}`);
      const detail = `the parameters are longer than ${longestQuery} characters`;
      return showError(request, reply, {
        status: 400,
        reason: "BODY_TOO_LARGE",
        detail,
        uiLocales: form === undefined ? "" : uiLocalesOf(form),
      });
    },
  });

  async function answer(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const { outbound, tenant } = contextOf(request);
    const isSecure = tenant.canonicalOrigin.startsWith("https:");
    const names = cookieNames(isSecure);
    const { browserToken: known, sessionToken } = browserCookies(request);
    const browserToken = known === "" ? randomToken("") : known;
    const { next, isSignedOut } = await peers.client(LogoutService).requestLogout(
      {
        idTokenHint: atMost(longestToken, form.get("id_token_hint")),
        clientId: atMost(longestSent.clientId, form.get("client_id")),
        postLogoutRedirectUri: atMost(longestSent.uri, form.get("post_logout_redirect_uri")),
        state: form.get("state"),
        duplicateParameters: duplicatesOf(form),
        sessionToken,
        browserToken,
      },
      forward(outbound),
    );
    const uiLocales = uiLocalesOf(form);
    if (isSignedOut) forgetCookie(reply, names.session, isSecure);
    switch (next.case) {
      case "redirect":
        return leadToClient(reply, next.value);
      case "signedOut":
        return showSignedOut(request, reply, next.value, uiLocales);
      case "question":
        if (browserToken !== known) giveBrowserToken(request, reply, browserToken);
        return showLogoutQuestion(request, reply, next.value, uiLocales);
      case "errorPage":
        return showError(request, reply, {
          status: 400,
          reason: "INVALID_REQUEST",
          detail: `${next.value.error}: ${next.value.errorDescription}`,
          culprit: "application",
          uiLocales,
        });
      case undefined:
        throw new Error("the oauth service answered a logout request with nothing");
    }
  }
}
