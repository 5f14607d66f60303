import type { DescMethod, DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import { failure } from "../../host/failure.ts";
import { queryOf } from "../../host/request-parts.ts";
import { restBindings, type RestBinding } from "./http-rule.ts";
import { readJsonOnly } from "./json-body.ts";
import { readRequest } from "./read-request.ts";
import { writeResponse } from "./write-response.ts";

/** Calls a method on behalf of an HTTP request. Rejects with a ConnectError. */
export type RestCall = (method: DescMethodUnary, request: FastifyRequest, message: Message) => Promise<Message>;

/** Serves the REST faces of these services: each route is read from `google.api.http`, none is written by hand. */
export function mountRest(app: FastifyInstance, services: readonly DescService[], call: RestCall): void {
  void app.register(async (rest) => {
    readJsonOnly(rest);
    rest.addHook("onRequest", refuseWhatIsNotRead);
    for (const service of services) {
      for (const method of service.methods) {
        if (!isUnary(method)) continue;
        for (const binding of restBindings(method)) mountBinding(rest, method, binding, call);
      }
    }
  });
}

/**
 * Refuses what HTTP lets a request say and no call reads: a change that is made all the same is another one than was asked for
 * (RFC 9110 §13.1.1), and a body in another coding is no JSON (§15.5.16).
 */
async function refuseWhatIsNotRead({ method, headers }: FastifyRequest): Promise<void> {
  const coding = headers["content-encoding"] ?? "identity";
  if (coding.toLowerCase() !== "identity") {
    throw failure(
      ErrorReason.UNSUPPORTED_MEDIA_TYPE,
      "the body must not be compressed: send it without Content-Encoding",
    );
  }
  if (method !== "GET" && method !== "HEAD" && (headers["if-match"] ?? "*") !== "*") {
    throw failure(
      ErrorReason.INVALID_REQUEST,
      "If-Match is not read: send the etag as `etag`, in the body or in the query",
    );
  }
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === "unary";

function mountBinding(app: FastifyInstance, method: DescMethodUnary, binding: RestBinding, call: RestCall): void {
  app.route({
    method: binding.verb.toUpperCase(),
    url: routeOf(method, binding.path),
    handler: async (request, reply) => {
      try {
        const params = request.params as Readonly<Record<string, string>>;
        const message = readRequest(method, binding, { params, query: queryOf(request), body: request.body });
        const response = await call(method, request, message);
        return await send(reply, 200, {}, writeResponse(binding, method.output, response));
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        const { status, headers, body } = errorAnswer(error);
        return send(reply, status, headers, body);
      }
    },
  });
}

function send(reply: FastifyReply, status: number, headers: Readonly<Record<string, string>>, body: string) {
  return reply
    .code(status)
    .header("content-type", "application/json; charset=utf-8")
    .header("cache-control", "no-store")
    .headers(headers)
    .send(body);
}

/** `/v1/users/{user_id}` and `/v1/permissions:check` as the router writes them. Other forms of path template are added with the first path that has them. */
function routeOf(method: DescMethod, path: string): string {
  const route = path.replaceAll(":", "::").replaceAll(/\{([a-z_]+)\}(?=\/|$)/g, ":$1");
  if (/[{}*]/.test(route)) {
    throw new Error(`${method.parent.typeName}/${method.name}: the path ${path} has a form that is not supported`);
  }
  return route;
}
