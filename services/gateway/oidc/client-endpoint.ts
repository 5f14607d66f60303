import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { OAuthError } from "#gen/koder/oauth/v1/error_pb.ts";
import { UnreadableCredential } from "./client-authentication.ts";
import { allowPreflight, anyOrigin } from "./cors.ts";
import { MalformedForm, type Form } from "./form.ts";
import { readFormsOnly, type FormBody } from "./form-body.ts";
import { oauthErrorOf } from "./oauth-error.ts";

/** RFC 6749 §5.1: JSON that nobody keeps. */
const noStoreJson = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  pragma: "no-cache",
} as const;

const basicChallenge = { "www-authenticate": 'Basic realm="koder-id", charset="UTF-8"' } as const;

/**
 * Adds an endpoint that an authenticated client posts a form to: what cannot be read as a form, or fails, is answered in the
 * words of RFC 6749 §5.2. Where `anyOriginMayRead`, pages of other origins may post to it and read every answer.
 */
export function mountClientEndpoint(
  app: FastifyInstance,
  { path, anyOriginMayRead }: { readonly path: string; readonly anyOriginMayRead: boolean },
  answer: (request: FastifyRequest, reply: FastifyReply, form: Form) => Promise<FastifyReply>,
): void {
  if (anyOriginMayRead) allowPreflight(app, path, "POST");
  const headers = anyOriginMayRead ? { ...anyOrigin, ...noStoreJson } : noStoreJson;
  void app.register(async (posts) => {
    readFormsOnly(posts);
    posts.addHook("onRequest", (_request, reply, done) => {
      void reply.headers(headers);
      done();
    });
    posts.setErrorHandler((error, _request, reply) => {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
        return fail(reply, 415, "invalid_request", "the body must be application/x-www-form-urlencoded");
      }
      if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return fail(reply, 413, "invalid_request", "the body is too large");
      if (error instanceof UnreadableCredential) return failAuthentication(reply, error.message);
      const fault = oauthErrorOf(error);
      return fail(reply.headers(fault.headers), fault.status, fault.error, fault.description);
    });
    posts.post<{ Body: FormBody | undefined }>(path, async (request, reply) => {
      const form = request.body;
      if (form === undefined) return fail(reply, 400, "invalid_request", "the request has no form");
      if (form instanceof MalformedForm) throw form;
      return answer(request, reply, form);
    });
  });
}

/** RFC 6749 §5.2: 401 for a client that was not authenticated, with the scheme that it may use; else 400. */
export function refuse(reply: FastifyReply, { error, errorDescription }: OAuthError): FastifyReply {
  return error === "invalid_client"
    ? failAuthentication(reply, errorDescription)
    : fail(reply, 400, error, errorDescription);
}

const failAuthentication = (reply: FastifyReply, description: string): FastifyReply =>
  fail(reply.headers(basicChallenge), 401, "invalid_client", description);

function fail(reply: FastifyReply, status: number, error: string, description: string): FastifyReply {
  return (
    reply
      .code(status)
      // Fastify takes it away where something was thrown.
      .header("content-type", noStoreJson["content-type"])
      .send(JSON.stringify({ error, error_description: description }))
  );
}
