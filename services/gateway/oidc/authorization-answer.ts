import type { FastifyReply } from "fastify";
import type {
  AuthorizationRedirect,
  ResumeAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";

/** Leads the browser on: to the page of an interaction, or with the answer to the client. */
export function leadOn(reply: FastifyReply, next: ResumeAuthorizationResponse["next"]): FastifyReply {
  void reply.header("cache-control", "no-store");
  switch (next.case) {
    case "redirect":
      return reply.code(303).header("location", redirectLocation(next.value)).send();
    case "signIn":
      return reply.code(303).header("location", `/sign-in?authorization=${next.value.authorizationId}`).send();
    case undefined:
      throw new Error("the oauth service answered an authorization with nothing");
  }
}

/** The redirect URI with the answer behind what it has of a query (RFC 6749 §4.1.2); nothing of it is rewritten. */
export function redirectLocation({ redirectUri, code, state, iss, error }: AuthorizationRedirect): string {
  const answer = new URLSearchParams();
  if (error === undefined) answer.set("code", code);
  else {
    answer.set("error", error.error);
    if (error.errorDescription !== "") answer.set("error_description", error.errorDescription);
  }
  if (state !== "") answer.set("state", state);
  answer.set("iss", iss);
  const separator = !redirectUri.includes("?") ? "?" : /[?&]$/.test(redirectUri) ? "" : "&";
  return `${redirectUri}${separator}${answer.toString()}`;
}
