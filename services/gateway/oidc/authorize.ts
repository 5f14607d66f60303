import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  AuthorizationService,
  type AuthorizationParametersSchema,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { randomToken } from "../../vault/random.ts";
import { contextOf } from "../context.ts";
import type { ShowError } from "../pages/error-page.ts";
import { leadOn } from "./authorization-answer.ts";
import { cookieNames, readCookie, writeCookie } from "./cookies.ts";
import { duplicatesOf, MalformedForm, parseForm, type Form } from "./form.ts";
import { readFormsOnly, type FormBody } from "./form-body.ts";

/** How long a browser keeps its own token, in seconds: longer than any session. */
const browserCookieAge = 30 * 86_400;
/** Longer than this, a request line is cut off somewhere on the way. */
const longestQuery = 8_000;

/**
 * The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2). A POST is sent on to a GET with the same
 * parameters, so that Lax cookies come with it (design §5).
 */
export function mountAuthorize(
  app: FastifyInstance,
  { peers, showError }: { peers: Peers; showError: ShowError },
): void {
  const path = "/oauth/v2/authorize";
  app.get(path, async (request, reply) => {
    const [, query = ""] = request.url.split(/\?(.*)/s);
    let form: Form;
    try {
      form = parseForm(query);
    } catch (error) {
      if (!(error instanceof MalformedForm)) throw error;
      return showError(request, reply, { status: 400, reason: "INVALID_REQUEST", detail: error.message });
    }
    return answer(request, reply, form);
  });
  void app.register(async (posts) => {
    readFormsOnly(posts);
    posts.post<{ Body: FormBody | undefined }>(path, async (request, reply) => {
      const form = request.body;
      if (form === undefined || form instanceof MalformedForm) {
        const detail = form?.message ?? "the request has no form";
        return showError(request, reply, { status: 400, reason: "INVALID_REQUEST", detail });
      }
      const query = new URLSearchParams(form.pairs.map(([name, value]) => [name, value])).toString();
      if (query.length > longestQuery) {
        return showError(request, reply, { status: 400, reason: "BODY_TOO_LARGE", detail: "the request is too long" });
      }
      return reply.code(303).header("cache-control", "no-store").header("location", `${path}?${query}`).send();
    });
  });

  async function answer(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const { outbound, tenant } = contextOf(request);
    const isSecure = tenant.canonicalOrigin.startsWith("https:");
    const names = cookieNames(isSecure);
    const known = readCookie(request.headers.cookie, names.browser);
    const browserToken = known.length >= 22 ? known : randomToken("");
    const { next } = await peers.client(AuthorizationService).authorize(
      {
        parameters: authorizationParameters(form),
        sessionToken: readCookie(request.headers.cookie, names.session),
        browserToken,
      },
      forward(outbound),
    );
    if (browserToken !== known) {
      void reply.header("set-cookie", writeCookie(names.browser, browserToken, isSecure, browserCookieAge));
    }
    if (next.case !== "errorPage") return leadOn(reply, next);
    return showError(request, reply, {
      status: 400,
      reason: "INVALID_REQUEST",
      detail: `${next.value.error}: ${next.value.errorDescription}`,
      culprit: "application",
    });
  }
}

/** The parameters of an authorization request, by their names. */
const authorizationParameters = (form: Form): MessageInitShape<typeof AuthorizationParametersSchema> => ({
  responseType: form.get("response_type"),
  clientId: form.get("client_id"),
  redirectUri: form.get("redirect_uri"),
  scope: form.get("scope"),
  state: form.get("state"),
  responseMode: form.get("response_mode"),
  nonce: form.get("nonce"),
  codeChallenge: form.get("code_challenge"),
  codeChallengeMethod: form.get("code_challenge_method"),
  prompt: form.get("prompt"),
  maxAge: form.get("max_age"),
  loginHint: form.get("login_hint"),
  uiLocales: form.get("ui_locales"),
  hasRequest: form.has("request"),
  hasRequestUri: form.has("request_uri"),
  duplicateParameters: duplicatesOf(form),
});
