import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  LogoutService,
  type LogoutQuestion,
  type LogoutRedirect,
  type SignedOut,
} from "#gen/koder/oauth/v1/logout_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { seeOther } from "../see-other.ts";
import { browserCookies } from "../oidc/browser-cookies.ts";
import { cookieNames, forgetCookie } from "../oidc/cookies.ts";
import type { ShowError } from "./error-page.ts";
import { longest } from "./longest-inputs.ts";
import { mountPageForm } from "./page-form.ts";
import { sendPage } from "./render.ts";

/**
 * The form of the page that asks whether to sign out. It is taken from our own page alone, and only for a question that was
 * asked in this browser (security A26). An answer that comes too late is asked for again.
 */
export function mountLogout(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  // Where an answer to the form stood, a browser that is opened again asks for the page; and people guess this address.
  app.get("/logout", (_request, reply) => seeOther(reply, "/oidc/v1/end_session"));
  mountPageForm(app, "/logout", showError, async (request, reply, form) => {
    const { outbound, tenant } = contextOf(request);
    const isSecure = tenant.canonicalOrigin.startsWith("https:");
    const names = cookieNames(isSecure);
    const { next } = await peers
      .client(LogoutService)
      .confirmLogout(
        { logoutId: form.get("logout").slice(0, longest.secret), ...browserCookies(request) },
        forward(outbound),
      );
    switch (next.case) {
      case "redirect":
        return leadToClient(forgetCookie(reply, names.session, isSecure), next.value);
      case "signedOut": {
        const uiLocales = form.get("ui_locales").slice(0, longest.uiLocales);
        return showSignedOut(request, forgetCookie(reply, names.session, isSecure), next.value, uiLocales);
      }
      case "expired":
        return seeOther(reply, "/oidc/v1/end_session");
      case undefined:
        throw new Error("the oauth service answered a confirmed logout with nothing");
    }
  });
}

/** Asks a person whether to sign out. */
export function showLogoutQuestion(
  request: FastifyRequest,
  reply: FastifyReply,
  { logoutId, clientName, name, username, fault }: LogoutQuestion,
  uiLocales: string,
): Promise<FastifyReply> {
  return sendPage(request, reply, {
    template: "logout",
    status: 200,
    uiLocales,
    show: () => ({ logout: logoutId, client: clientName, person: { name, username }, detail: fault, uiLocales }),
  });
}

/** Says that a person is signed out. */
export function showSignedOut(
  request: FastifyRequest,
  reply: FastifyReply,
  { clientName, back, fault }: SignedOut,
  uiLocales: string,
): Promise<FastifyReply> {
  return sendPage(request, reply, {
    template: "signed-out",
    status: 200,
    uiLocales,
    show: () => ({ client: clientName, back: back === undefined ? "" : logoutLocation(back), detail: fault }),
  });
}

/** Leads a person who is signed out to the client. */
export function leadToClient(reply: FastifyReply, to: LogoutRedirect): FastifyReply {
  return seeOther(reply, logoutLocation(to));
}

/** The URI with `state` behind what it has of a query, and nothing else (OpenID Connect RP-Initiated Logout §3). */
export function logoutLocation({ postLogoutRedirectUri: uri, state }: LogoutRedirect): string {
  if (state === "") return uri;
  const separator = !uri.includes("?") ? "?" : /[?&]$/.test(uri) ? "" : "&";
  return `${uri}${separator}${new URLSearchParams({ state }).toString()}`;
}
