import type { FastifyReply, FastifyRequest } from "fastify";
import type { ErrorAnswer } from "../../host/error-answer.ts";
import { errorId } from "../../host/error-id.ts";
import type { Log } from "../../host/log.ts";
import { contextOf } from "../context.ts";
import { browserCookies } from "../oidc/browser-cookies.ts";
import { sendPlainPage } from "./plain-page.ts";
import { sendPage } from "./render.ts";

/** What an error page tells. */
export interface ErrorPage {
  readonly status: number;
  /** Of the closed lists. */
  readonly reason: string;
  /** For whoever looks at the details: what was wrong, in English; never a secret. */
  readonly detail?: string;
  /** Whose mistake it was, where that is not plain from the reason. */
  readonly culprit?: "application";
  /** The id that an error came with; a new one otherwise. */
  readonly id?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** `ui_locales` of the request that it answers, where there is one. */
  readonly uiLocales?: string;
}

/** Shows a person an error page. */
export type ShowError = (request: FastifyRequest, reply: FastifyReply, page: ErrorPage) => Promise<FastifyReply>;

/** Shows error pages in the language that a request asks for (`ui_locales`), once that is known. */
export const inLanguageOf =
  (showError: ShowError, { uiLocales }: { readonly uiLocales: string }): ShowError =>
  (request, reply, page) =>
    showError(request, reply, { ...page, uiLocales });

/** Shows a person an answer as a page of no tenant. */
export type ShowPlainError = (
  request: FastifyRequest,
  reply: FastifyReply,
  answer: ErrorAnswer,
) => Promise<FastifyReply>;

/** Error pages: a sentence that says what to do, and an id that the log has too. */
export function createShowError({ log }: { readonly log: Log }): ShowError {
  return (request, reply, page) => {
    const id = page.id ?? errorId(page.reason);
    const { requestId } = contextOf(request);
    log.info({ id, reason: page.reason, requestId, status: page.status }, "error page");
    // Every browser that begins a sign-in here is given a cookie for longer than that lasts: one without has refused it, or lost it.
    const isWithoutCookie = browserCookies(request).browserToken === "";
    const known = kindOf(page);
    const kind = known === "error_expired" && isWithoutCookie ? "error_no_cookie" : known;
    return sendPage(request, reply, {
      template: "error",
      status: page.status,
      uiLocales: page.uiLocales ?? "",
      ...(page.headers === undefined ? {} : { headers: page.headers }),
      show: (texts) => ({
        heading: texts[`${kind}_heading`],
        sentence: texts[kind],
        detail: page.detail ?? "",
        id,
      }),
    });
  };
}

/** Shows a person an error where no tenant is at hand, because none answers to the host, or it is not looked up. */
export function createShowPlainError({ log }: { readonly log: Log }): ShowPlainError {
  return (request, reply, { status, reason, id, headers }) => {
    log.info({ id, reason, requestId: reply.getHeader("x-request-id"), status }, "error page");
    const kind = kindOf({ status, reason });
    void reply.headers(headers);
    return sendPlainPage(request, reply, {
      status,
      show: (texts) => ({ heading: texts[`${kind}_heading`], sentence: texts[kind], id }),
    });
  };
}

/** The texts of an error, by their key. */
function kindOf({ reason, culprit, status }: Pick<ErrorPage, "reason" | "culprit" | "status">): string {
  if (culprit === "application") return "error_application";
  switch (reason) {
    case "RATE_LIMITED":
      return "error_too_many";
    case "AUTHORIZATION_NOT_FOUND":
    case "FLOW_NOT_FOUND":
    case "STEP_NOT_EXPECTED":
      return "error_expired";
    case "NOT_FOUND":
      return "error_not_found";
    case "HOST_UNKNOWN":
      return "error_nobody_here";
    case "PERMISSION_DENIED":
      return "error_forbidden";
    case "FACTOR_NOT_ALLOWED":
      return "error_no_factor";
    case "START_ELSEWHERE":
      return "start";
    default:
      return status < 500 ? "error_request" : status === 503 ? "error_unavailable" : "error_internal";
  }
}
