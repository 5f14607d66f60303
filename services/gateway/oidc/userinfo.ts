import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { TokenService } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { bearerChallenge, dpopChallenge } from "../../host/challenges.ts";
import type { Peers } from "../../host/peers.ts";
import { longestToken } from "../../vault/verify-jwt.ts";
import { contextOf } from "../context.ts";
import { atMost } from "./at-most.ts";
import { allowPreflight, anyOrigin } from "./cors.ts";
import { dpopProofOf } from "./dpop-header.ts";
import { duplicatesOf, MalformedForm } from "./form.ts";
import { readFormsOnly, type FormBody } from "./form-body.ts";
import { oauthErrorOf } from "./oauth-error.ts";

const answerHeaders = {
  ...anyOrigin,
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
} as const;

/** The userinfo endpoint and its alias (OpenID Connect Core §5.3); the token in the header or in a form, never in the query. */
export function mountUserinfo(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  for (const path of ["/oidc/v1/userinfo", "/oauth/v2/userinfo"]) {
    allowPreflight(app, path, "GET, POST");
    void app.register(async (own) => {
      readFormsOnly(own);
      own.setErrorHandler((error, _request, reply) => {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE")
          return refuse(reply, 415, "invalid_request", "send a form, or no body");
        if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
          return refuse(reply, 413, "invalid_request", "the body is too large");
        const fault = oauthErrorOf(error);
        return refuse(reply.headers(fault.headers), fault.status, fault.error, fault.description);
      });
      own.get(path, async (request, reply) => answer(request, reply, path, tokenInHeader(request)));
      own.post<{ Body: FormBody | undefined }>(path, async (request, reply) => {
        const form = request.body;
        if (form instanceof MalformedForm) throw form;
        // RFC 6749 §3.2: which of the two was meant cannot be told.
        const [duplicate] = form === undefined ? [] : duplicatesOf(form);
        if (duplicate !== undefined)
          return refuse(reply, 400, "invalid_request", `${duplicate.replaceAll(/["\\]/g, "?")} was sent twice`);
        const [inHeader, inBody] = [tokenInHeader(request), form?.get("access_token") ?? ""];
        // RFC 6750 §2: one way in a request.
        if (inHeader.accessToken !== "" && inBody !== "") {
          return refuse(reply, 400, "invalid_request", "the token was sent twice");
        }
        return answer(request, reply, path, inBody === "" ? inHeader : { accessToken: inBody, dpopScheme: false });
      });
    });
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    path: string,
    { accessToken, dpopScheme }: SentToken,
  ): Promise<FastifyReply> {
    const { outcome, dpopNonce } = await peers.client(TokenService).getUserinfo(
      {
        accessToken: atMost(longestToken, accessToken),
        presentation: { dpopScheme, dpopProof: dpopProofOf(request), method: request.method, path },
      },
      forward(contextOf(request).outbound),
    );
    if (dpopNonce !== "") void reply.header("dpop-nonce", dpopNonce);
    switch (outcome.case) {
      case "claims":
        return reply.headers(answerHeaders).send(JSON.stringify(outcome.value.claims));
      case "jwt":
        return reply.headers({ ...answerHeaders, "content-type": "application/jwt" }).send(outcome.value);
      case "error": {
        const { error, errorDescription } = outcome.value;
        if (error === "") return refuse(reply, 401, "", "send the access token as Authorization: Bearer");
        return refuse(reply, error === "insufficient_scope" ? 403 : 401, error, errorDescription, dpopScheme);
      }
      case undefined:
        throw new Error("the oauth service answered a userinfo request with nothing");
    }
  }
}

/** An access token, and whether it came by the scheme DPoP. */
interface SentToken {
  readonly accessToken: string;
  readonly dpopScheme: boolean;
}

function tokenInHeader(request: FastifyRequest): SentToken {
  const [, scheme = "", accessToken = ""] = /^(Bearer|DPoP) +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
  return { accessToken, dpopScheme: scheme.toLowerCase() === "dpop" };
}

/**
 * RFC 6750 §3, RFC 9449 §7.1: what was wrong stands in the challenge of the scheme that was used, nothing where no token was
 * sent.
 */
function refuse(
  reply: FastifyReply,
  status: number,
  error: string,
  description: string,
  dpopScheme = false,
): FastifyReply {
  const said = error === "" ? "" : `, error="${error}", error_description="${description}"`;
  return reply
    .code(status)
    .headers(answerHeaders)
    .header("www-authenticate", `${dpopScheme ? dpopChallenge : bearerChallenge}${said}`)
    .send(JSON.stringify({ error: error || "invalid_request", error_description: description }));
}
