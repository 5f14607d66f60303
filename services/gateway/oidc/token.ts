import type { FastifyInstance, FastifyReply } from "fastify";
import { TokenService, type IssuedTokens } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { clientAuthentications } from "./client-authentication.ts";
import { allowPreflight, anyOrigin } from "./cors.ts";
import { duplicatesOf, MalformedForm } from "./form.ts";
import { readFormsOnly, type FormBody } from "./form-body.ts";
import { oauthErrorOf } from "./oauth-error.ts";

/** RFC 6749 §5.1. */
const answerHeaders = {
  ...anyOrigin,
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  pragma: "no-cache",
} as const;

const basicChallenge = { "www-authenticate": 'Basic realm="koder-id", charset="UTF-8"' } as const;

/** The token endpoint (RFC 6749 §3.2). */
export function mountToken(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  const path = "/oauth/v2/token";
  allowPreflight(app, path, "POST");
  void app.register(async (posts) => {
    readFormsOnly(posts);
    posts.setErrorHandler((error, _request, reply) => {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
        return fail(reply, 415, "invalid_request", "the body must be application/x-www-form-urlencoded");
      }
      if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return fail(reply, 413, "invalid_request", "the body is too large");
      const answer = oauthErrorOf(error);
      return fail(reply, answer.status, answer.error, answer.description, answer.headers);
    });
    posts.post<{ Body: FormBody | undefined }>(path, async (request, reply) => {
      const form = request.body;
      if (form === undefined) return fail(reply, 400, "invalid_request", "the request has no form");
      if (form instanceof MalformedForm) throw form;
      const { outcome } = await peers.client(TokenService).issueToken(
        {
          clientAuthentications: clientAuthentications(request.headers.authorization, form),
          grantType: form.get("grant_type"),
          code: form.get("code"),
          redirectUri: form.get("redirect_uri"),
          codeVerifier: form.get("code_verifier"),
          refreshToken: form.get("refresh_token"),
          scope: form.get("scope"),
          duplicateParameters: duplicatesOf(form),
        },
        forward(contextOf(request).outbound),
      );
      switch (outcome.case) {
        case "tokens":
          return reply.headers(answerHeaders).send(tokenAnswer(outcome.value));
        case "error": {
          const { error, errorDescription } = outcome.value;
          // RFC 6749 §5.2: 401 for a client that was not authenticated, with the scheme that it may use.
          return error === "invalid_client"
            ? fail(reply, 401, error, errorDescription, basicChallenge)
            : fail(reply, 400, error, errorDescription);
        }
        case undefined:
          throw new Error("the oauth service answered a token request with nothing");
      }
    });
  });
}

/** RFC 6749 §5.1, OpenID Connect Core §3.1.3.3. */
function tokenAnswer({ accessToken, tokenType, expiresIn, refreshToken, idToken, scope }: IssuedTokens): string {
  return JSON.stringify({
    access_token: accessToken,
    token_type: tokenType,
    expires_in: expiresIn,
    ...(refreshToken === "" ? {} : { refresh_token: refreshToken }),
    ...(idToken === "" ? {} : { id_token: idToken }),
    ...(scope === "" ? {} : { scope }),
  });
}

function fail(
  reply: FastifyReply,
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  return reply
    .code(status)
    .headers(answerHeaders)
    .headers(headers)
    .send(JSON.stringify({ error, error_description: description }));
}
