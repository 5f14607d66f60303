import { fastifyConnectPlugin } from "@connectrpc/connect-fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

export type ConnectOptions = Parameters<typeof fastifyConnectPlugin>[1];

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * Serves RPCs by gRPC, gRPC-web and Connect. The plugin adds a route for each RPC and each method of HTTP, 1,500 for all services, which
 * took a tenth of a second of every start and memory beside. Here those of a package (`/koder.*`) are one route, and an RPC
 * is found by its whole path, which has no parameters.
 */
export function mountConnect(app: FastifyInstance, options: ConnectOptions): void {
  const handlers = new Map<string, Handler>();
  const handle = (request: FastifyRequest, reply: FastifyReply) => {
    const [path = ""] = request.url.split("?", 1);
    const handler = handlers.get(path);
    return handler === undefined ? reply.callNotFound() : handler(request, reply);
  };
  void app.register((scope, _none, done) => {
    const all = (path: string, _options: unknown, handler: Handler) => void handlers.set(path, handler);
    fastifyConnectPlugin(Object.create(scope, { all: { value: all } }) as FastifyInstance, options, (error) => {
      const packages = new Set([...handlers.keys()].map((path) => path.slice(0, path.indexOf(".") + 1)));
      for (const start of packages) scope.route({ method: ["GET", "POST"], url: `${start}*`, handler: handle });
      done(error);
    });
  });
}
