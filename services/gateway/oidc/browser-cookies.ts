import type { FastifyReply, FastifyRequest } from "fastify";
import { randomToken } from "../../vault/random.ts";
import { contextOf } from "../context.ts";
import { cookieNames, readBrowserToken, readSessionToken, writeCookie } from "./cookies.ts";

/** How long a browser keeps its own token, in seconds: longer than any session. */
const browserCookieAge = 30 * 86_400;

/** What the browser's cookies hold. */
export interface BrowserCookies {
  /** The browser's own random token; empty when it has none. */
  readonly browserToken: string;
  /** Empty when nobody is signed in. */
  readonly sessionToken: string;
}

/** Reads a browser's cookies. */
export function browserCookies(request: FastifyRequest): BrowserCookies {
  const names = cookieNames(contextOf(request).tenant.canonicalOrigin.startsWith("https:"));
  return {
    browserToken: readBrowserToken(request.headers.cookie, names),
    sessionToken: readSessionToken(request.headers.cookie, names),
  };
}

/** The same, of a browser that has a token of its own from now on: what begins here is bound to it. */
export function browserCookiesOrNew(request: FastifyRequest, reply: FastifyReply): BrowserCookies {
  const { browserToken: known, sessionToken } = browserCookies(request);
  if (known !== "") return { browserToken: known, sessionToken };
  const browserToken = randomToken("");
  giveBrowserToken(request, reply, browserToken);
  return { browserToken, sessionToken };
}

/** Gives the browser a token of its own. */
export function giveBrowserToken(request: FastifyRequest, reply: FastifyReply, browserToken: string): void {
  const isSecure = contextOf(request).tenant.canonicalOrigin.startsWith("https:");
  void reply.header("set-cookie", writeCookie(cookieNames(isSecure).browser, browserToken, isSecure, browserCookieAge));
}
