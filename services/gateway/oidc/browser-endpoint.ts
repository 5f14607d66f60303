import { Code, ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ErrorPage, ShowError } from "../pages/error-page.ts";
import { longest } from "../pages/longest-inputs.ts";
import { errorPageOf } from "../pages/page-form.ts";
import { MalformedForm, type Form } from "./form.ts";
import { largestForm, readFormsOnly, type FormBody } from "./form-body.ts";
import { queryForm } from "./query-form.ts";

export interface BrowserEndpoint {
  readonly path: string;
  readonly showError: ShowError;
  /** Answers a GET. */
  readonly read: (request: FastifyRequest, reply: FastifyReply, form: Form) => Promise<FastifyReply>;
  /** Answers a POST; undefined where it has no body. */
  readonly sent: (request: FastifyRequest, reply: FastifyReply, form: Form | undefined) => Promise<FastifyReply>;
}

/**
 * Adds an endpoint that an application sends a person's browser to, by GET or with a form. Whatever is wrong, a person reads
 * it: each refusal is a page with what was wrong in its details, and so is a part of us that is away.
 */
export function mountBrowserEndpoint(app: FastifyInstance, { path, showError, read, sent }: BrowserEndpoint): void {
  void app.register(async (own) => {
    readFormsOnly(own);
    own.setErrorHandler(async (error, request, reply) => {
      const page = errorPage(error);
      if (page === undefined) throw error;
      const form = (request.body as FormBody | null | undefined) ?? queryForm(request);
      return showError(request, reply, { ...page, uiLocales: uiLocalesOf(form) });
    });
    own.get(path, { exposeHeadRoute: false }, async (request, reply) =>
      read(request, reply, wellFormed(queryForm(request))),
    );
    // A HEAD changes nothing (RFC 9110 §9.2.1), and what a GET leads to is known only by doing it.
    own.head(path, async (_request, reply) => reply.header("cache-control", "no-store").send());
    own.post<{ Body: FormBody | undefined }>(path, async (request, reply) =>
      sent(request, reply, request.body === undefined ? undefined : wellFormed(request.body)),
    );
  });
}

/** The languages that a request asks for, if it can be read: as much of them as a request may have. */
export const uiLocalesOf = (form: Form | MalformedForm): string =>
  form instanceof MalformedForm ? "" : form.get("ui_locales").slice(0, longest.uiLocales);

function wellFormed(form: Form | MalformedForm): Form {
  if (form instanceof MalformedForm) throw form;
  return form;
}

/** The page of an error; undefined for a fault of ours, which is to be reported. */
function errorPage(error: unknown): ErrorPage | undefined {
  if (error instanceof MalformedForm) return refused(400, "INVALID_REQUEST", error.message);
  if (error instanceof ConnectError) {
    const page = errorPageOf(error);
    return error.code === Code.InvalidArgument ? { ...page, detail: error.rawMessage, culprit: "application" } : page;
  }
  const { code, statusCode = 500 } = error as { code?: string; statusCode?: number };
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return refused(413, "BODY_TOO_LARGE", `the form is larger than ${largestForm} bytes`);
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return refused(415, "UNSUPPORTED_MEDIA_TYPE", "the body must be application/x-www-form-urlencoded");
    default:
      return statusCode < 500 ? refused(statusCode, "INVALID_REQUEST", "the request cannot be read") : undefined;
  }
}

const refused = (status: number, reason: string, detail: string): ErrorPage => ({ status, reason, detail });
