import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
} from "fastify";
import { ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { dualCleartext } from "./dual-cleartext.ts";
import { dualSecure, type TlsFiles } from "./dual-secure.ts";
import { errorAnswer, type ErrorAnswer } from "./error-answer.ts";
import { failure } from "./failure.ts";
import { answerMalformed } from "./malformed-http.ts";
import { isReported, mapError } from "./interceptors/error-mapping.ts";

/** The largest body that is read, in bytes. */
export const largestBody = 1 << 20;

export interface HttpAppOptions {
  /** Without it the port is cleartext. */
  readonly tls?: TlsFiles | undefined;
  /** Told of every error that no route answered itself, and nobody has reported. */
  readonly onFault: (error: unknown, answer: ErrorAnswer) => void;
  /** Sends an error that no route answered itself, where it is not to be our JSON. */
  readonly sendAnswer?: (request: FastifyRequest, reply: FastifyReply, answer: ErrorAnswer) => unknown;
}

/** The server of a port: HTTP/1.1 and HTTP/2, cleartext or TLS with ALPN, within `listenerLimits`. */
export const serverOf = (tls: TlsFiles | undefined): FastifyServerFactory =>
  tls === undefined ? dualCleartext : dualSecure(tls);

/** Messages are described by their protos, and no route has a JSON schema: what would compile one is never loaded. */
function noSchema(): never {
  throw new Error("a route must have no schema");
}

/** A Fastify application on the server of one port. Errors, the framework's too, leave as our JSON shape unless told otherwise. */
export function createHttpApp(
  { tls, onFault, sendAnswer = (_request, reply, answer) => sendJson(reply, answer) }: HttpAppOptions,
  serverFactory: FastifyServerFactory = serverOf(tls),
): FastifyInstance {
  const app = Fastify({
    serverFactory,
    logger: false,
    requestIdHeader: false,
    clientErrorHandler: answerMalformed,
    bodyLimit: largestBody,
    exposeHeadRoutes: true,
    forceCloseConnections: "idle",
    // A request that a client had sent when the stop began is under way: it is answered, and its connection closed.
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } },
    routerOptions: { maxParamLength: 200, caseSensitive: true },
    frameworkErrors: (error: FastifyError, _request, reply) => sendError(reply as FastifyReply, asOurs(error)),
  });
  app.setErrorHandler((error, request, reply) => {
    const answer = errorAnswer(asOurs(error));
    if (answer.status >= 500 && !isReported(error)) onFault(error, answer);
    return sendAnswer(request, reply, answer);
  });
  return app;
}

/** Answers with an error in our JSON shape. */
export const sendError = (reply: FastifyReply, error: ConnectError): void => sendJson(reply, errorAnswer(error));

/** Sends an answer in our JSON shape. */
export function sendJson(
  reply: FastifyReply,
  { status, headers, body }: Omit<ErrorAnswer, "reason" | "message" | "id">,
): void {
  void reply.code(status).headers(headers).send(body);
}

/** Fastify's own refusals in our words; everything else as any call's error. */
function asOurs(error: unknown): ConnectError {
  switch (error instanceof Error && "code" in error ? error.code : undefined) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return failure(ErrorReason.BODY_TOO_LARGE, `the body is larger than ${largestBody} bytes`);
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return failure(ErrorReason.UNSUPPORTED_MEDIA_TYPE, "the content type is not one that this endpoint reads");
    case "FST_ERR_BAD_URL":
    case "FST_ERR_ASYNC_CONSTRAINT":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return failure(ErrorReason.INVALID_REQUEST, "the path is not valid");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return failure(ErrorReason.INVALID_REQUEST, "the body is not as long as Content-Length says");
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return failure(ErrorReason.INVALID_REQUEST, "the body is not JSON");
    default:
      return mapError(error, undefined);
  }
}
