import type { FastifyReply, FastifyRequest } from "fastify";
import type {
  AuthorizationRedirect,
  ResumeAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { sendPage } from "../pages/render.ts";
import { seeOther } from "../see-other.ts";

/** The page of each interaction. */
const pages = {
  signIn: "/sign-in",
  signUp: "/sign-up",
  chooseAccount: "/accounts",
  consent: "/consent",
  confirmDevice: "/device/confirm",
} as const;

/** Leads the browser on: to the page of an interaction, or with the answer to the client. */
export function leadOn(
  request: FastifyRequest,
  reply: FastifyReply,
  next: ResumeAuthorizationResponse["next"],
): FastifyReply | Promise<FastifyReply> {
  switch (next.case) {
    case "redirect":
      return next.value.responseMode === "form_post"
        ? sendFormPost(request, reply, next.value)
        : seeOther(reply, redirectLocation(next.value));
    case "signIn":
      return leadToPage(reply, next.value.createAccount ? "signUp" : "signIn", next.value.authorizationId);
    case "chooseAccount":
    case "consent":
    case "confirmDevice":
      return leadToPage(reply, next.case, next.value.authorizationId);
    case undefined:
      throw new Error("the oauth service answered an authorization with nothing");
  }
}

/** Leads the browser to the page of an interaction, for an authorization that waits. */
export const leadToPage = (reply: FastifyReply, page: keyof typeof pages, authorizationId: string): FastifyReply =>
  seeOther(reply, `${pages[page]}?authorization=${encodeURIComponent(authorizationId)}`);

/** The members of an answer, in order (RFC 6749 §4.1.2, RFC 9207 §2). */
function members({ code, state, iss, error }: AuthorizationRedirect): [name: string, value: string][] {
  const answer: [string, string][] = error === undefined ? [["code", code]] : [["error", error.error]];
  if (error !== undefined && error.errorDescription !== "") answer.push(["error_description", error.errorDescription]);
  if (state !== "") answer.push(["state", state]);
  answer.push(["iss", iss]);
  return answer;
}

/** The redirect URI with the answer behind what it has of a query; nothing of it is rewritten. */
export function redirectLocation(redirect: AuthorizationRedirect): string {
  const { redirectUri } = redirect;
  const separator = !redirectUri.includes("?") ? "?" : /[?&]$/.test(redirectUri) ? "" : "&";
  return `${redirectUri}${separator}${new URLSearchParams(members(redirect)).toString()}`;
}

/**
 * A page whose form sends itself to the client, by a script where there is one and by a button otherwise (OAuth 2.0 Form
 * Post Response Mode §2). The client may see of which origin the form is, because it can trust no other.
 */
const sendFormPost = (request: FastifyRequest, reply: FastifyReply, redirect: AuthorizationRedirect) =>
  sendPage(request, reply, {
    template: "form-post",
    status: 200,
    uiLocales: redirect.uiLocales,
    headers: { "referrer-policy": "strict-origin" },
    show: () => ({
      action: redirect.redirectUri,
      members: members(redirect).map(([name, value]) => ({ name, value })),
    }),
  });
