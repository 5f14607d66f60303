import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { OAuthError } from "#gen/koder/oauth/v1/error_pb.ts";
import { RegistrationService } from "#gen/koder/oauth/v1/registration_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { atMost, longestSent } from "./at-most.ts";
import { allowPreflight, anyOrigin } from "./cors.ts";
import { MalformedForm } from "./form.ts";
import { oauthErrorOf } from "./oauth-error.ts";

/** RFC 7591 §3.2.1: what is told has secrets in it. */
const answerHeaders = {
  ...anyOrigin,
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  pragma: "no-cache",
} as const;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const largestBody = 65_536;

/** What came of a call: the client, an error, or that the client is gone. */
type Outcome =
  | { readonly case: "clientInformationJson"; readonly value: string }
  | { readonly case: "unregistered" }
  | { readonly case: "error"; readonly value: OAuthError }
  | { readonly case: undefined };

/** The client registration and configuration endpoints (RFC 7591 §3, RFC 7592 §2). */
export function mountRegister(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  const path = "/oauth/v2/register";
  const ownPath = `${path}/:client_id`;
  allowPreflight(app, path, "POST");
  allowPreflight(app, ownPath, "GET, PUT, DELETE");
  const client = peers.client(RegistrationService);
  void app.register(async (own) => {
    readJsonText(own);
    own.setErrorHandler((error, _request, reply) => {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE")
        return fail(reply, 415, "invalid_request", "the body must be application/json");
      if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return fail(reply, 413, "invalid_request", "the body is too large");
      const answer = oauthErrorOf(error);
      return fail(reply.headers(answer.headers), answer.status, answer.error, answer.description);
    });
    own.post(path, async (request, reply) => {
      const sent = { bearerToken: bearerToken(request), metadataJson: bodyOf(request) };
      const { outcome } = await client.registerClient(sent, forward(contextOf(request).outbound));
      return tell(reply, outcome, 201);
    });
    own.get(ownPath, async (request, reply) => {
      const { outcome } = await client.getRegistration(named(request), forward(contextOf(request).outbound));
      return tell(reply, outcome);
    });
    own.put(ownPath, async (request, reply) => {
      const sent = { ...named(request), metadataJson: bodyOf(request) };
      const { outcome } = await client.updateRegistration(sent, forward(contextOf(request).outbound));
      return tell(reply, outcome);
    });
    own.delete(ownPath, async (request, reply) => {
      const { outcome } = await client.unregisterClient(named(request), forward(contextOf(request).outbound));
      return tell(reply, outcome);
    });
  });
}

/** JSON is handed on as text: what it holds is not for the gateway to say. */
function readJsonText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    "application/json",
    { parseAs: "buffer", bodyLimit: largestBody },
    (_request, body, done) => {
      try {
        done(null, utf8.decode(body));
      } catch {
        done(new MalformedForm("the body is not UTF-8"));
      }
    },
  );
}

const bodyOf = ({ body }: FastifyRequest): string => (typeof body === "string" ? body : "");

const named = (request: FastifyRequest) => ({
  clientId: (request.params as { readonly client_id: string }).client_id,
  bearerToken: bearerToken(request),
});

const bearerToken = (request: FastifyRequest): string =>
  atMost(longestSent.secret, /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1] ?? "");

function tell(reply: FastifyReply, outcome: Outcome, status = 200): FastifyReply {
  switch (outcome.case) {
    case "clientInformationJson":
      return reply.code(status).headers(answerHeaders).send(outcome.value);
    case "unregistered":
      return reply
        .code(204)
        .headers({ ...anyOrigin, "cache-control": "no-store" })
        .send();
    case "error":
      return fail(
        reply,
        outcome.value.error === "invalid_token" ? 401 : 400,
        outcome.value.error,
        outcome.value.errorDescription,
      );
    case undefined:
      throw new Error("the oauth service answered a registration with nothing");
  }
}

/** RFC 7591 §3.2.2; a token that is missing or not good is said in the challenge, too (RFC 6750 §3). */
function fail(reply: FastifyReply, status: number, error: string, description: string): FastifyReply {
  const challenge =
    status === 401
      ? { "www-authenticate": `Bearer realm="koder-id", error="${error}", error_description="${description}"` }
      : {};
  return reply
    .code(status)
    .headers({ ...answerHeaders, ...challenge })
    .send(JSON.stringify({ error, error_description: description }));
}
