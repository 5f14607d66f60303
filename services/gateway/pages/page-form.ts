import { Code, ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { errorAnswer } from "../../host/error-answer.ts";
import { contextOf } from "../context.ts";
import { readFormsOnly, type FormBody } from "../oidc/form-body.ts";
import { MalformedForm, type Form } from "../oidc/form.ts";
import { queryForm } from "../oidc/query-form.ts";
import type { ErrorPage, ShowError } from "./error-page.ts";
import { isFromOurPage } from "./own-page.ts";

/** Takes the form of a page of ours, from nowhere else (security A26). What no page of the step handles becomes an error page. */
export function mountPageForm(
  app: FastifyInstance,
  path: string,
  showError: ShowError,
  step: (request: FastifyRequest, reply: FastifyReply, form: Form) => Promise<FastifyReply>,
): void {
  void app.register(async (posts) => {
    readFormsOnly(posts);
    posts.setErrorHandler(async (error, request, reply) => {
      const { statusCode = 500 } = error as { statusCode?: number };
      if (statusCode >= 500) throw error;
      return showError(request, reply, { status: statusCode, reason: "INVALID_REQUEST" });
    });
    posts.post<{ Body: FormBody | undefined }>(path, async (request, reply) => {
      const { tenant } = contextOf(request);
      if (!isFromOurPage(request.headers, tenant.canonicalOrigin)) {
        return showError(request, reply, { status: 403, reason: "PERMISSION_DENIED" });
      }
      const form = request.body;
      if (form === undefined || form instanceof MalformedForm || form.duplicates.length > 0) {
        return showError(request, reply, { status: 400, reason: "INVALID_REQUEST" });
      }
      return answering(showError, request, reply, () => step(request, reply, form));
    });
  });
}

/** Runs a step; what no page of it handles becomes an error page. */
export async function answering(
  showError: ShowError,
  request: FastifyRequest,
  reply: FastifyReply,
  step: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return showError(request, reply, errorPageOf(error));
  }
}

/** How a failed call is shown to a person. */
export function errorPageOf(error: ConnectError): ErrorPage {
  const { status, reason, id, headers } = errorAnswer(error);
  const away = error.code === Code.Unavailable || error.code === Code.ResourceExhausted;
  const retryAfter = headers["retry-after"];
  return {
    status: away ? 503 : status,
    reason,
    id,
    ...(retryAfter === undefined ? {} : { headers: { "retry-after": retryAfter } }),
  };
}

/** The query of a page's URL; undefined for one that is none. */
export function parsedQuery(request: FastifyRequest): Form | undefined {
  const form = queryForm(request);
  return form instanceof MalformedForm ? undefined : form;
}
