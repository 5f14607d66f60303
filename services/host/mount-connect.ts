import type { DescMessage } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { fastifyConnectPlugin } from "@connectrpc/connect-fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { checkJsonOfQuery, isLookedAt, withJsonChecked } from "./json-of-requests.ts";
import { pathOf } from "./request-parts.ts";
import type { Implementation } from "./service-module.ts";
import { createStreamsUnderWay, type Handler } from "./streams-under-way.ts";
import { nameUnread, nameUnreadOfStreams } from "./unread-requests.ts";

type PluginOptions = Parameters<typeof fastifyConnectPlugin>[1];

export interface ConnectOptions extends Omit<
  PluginOptions,
  "routes" | "requestGate" | "shutdownSignal" | "shutdownTimeoutMs"
> {
  /** What is served through the interceptors. */
  readonly implementations: readonly Implementation[];
  /** What is served without them: health, and what else is open. */
  readonly open: readonly [Implementation, ...Implementation[]];
  /** Throws the refusal of a call that is not even to be read, of what is open as well. */
  readonly admit?: (context: HandlerContext) => void;
}

/**
 * Serves RPCs by gRPC, gRPC-web and Connect. The plugin adds a route for each RPC and each method of HTTP, 1,500 for all services, which
 * took a tenth of a second of every start and 4 MiB. Here the RPCs of a package (`/koder.*`) are one route, where one is found by
 * its whole path, which has no parameters; and what serves a service is made with the first call of it.
 */
export function mountConnect(
  app: FastifyInstance,
  { implementations, open, admit = () => {}, interceptors = [], ...options }: ConnectOptions,
): void {
  const unmade = new Map([
    ...implementations.map((one) => [one.service.typeName, { ...one, own: {} }] as const),
    ...open.map((one) => [one.service.typeName, { ...one, own: { interceptors: [] } }] as const),
  ]);
  const packages = new Set([...unmade.keys()].map((name) => name.slice(0, name.indexOf(".") + 1)));
  const handlers = new Map<string, Handler>();
  /** What calls of one message take whose JSON is looked at. */
  const lookedAt = new Map<string, DescMessage>();
  const streams = createStreamsUnderWay();

  /** Has the plugin make what serves a service, which takes no time: it waits for nothing. */
  function make(name: string, parsers: Pick<FastifyInstance, "addContentTypeParser">): void {
    const found = unmade.get(name);
    if (found === undefined) return;
    unmade.delete(name);
    const { service, methods, own } = found;
    const streaming = new Set(
      service.methods.filter(({ methodKind }) => methodKind !== "unary").map((method) => `/${name}/${method.name}`),
    );
    for (const { name: method, methodKind, input } of service.methods) {
      if (methodKind === "unary" && isLookedAt(input)) lookedAt.set(`/${name}/${method}`, input);
    }
    const into = {
      all: (path: string, _options: unknown, handler: Handler) =>
        void handlers.set(path, streaming.has(path) ? streams.follow(handler) : handler),
      addContentTypeParser: parsers.addContentTypeParser.bind(parsers),
    };
    fastifyConnectPlugin(
      into as unknown as FastifyInstance,
      {
        ...options,
        interceptors: [...interceptors, nameUnreadOfStreams],
        requestGate: async (context) => {
          admit(context);
          nameUnread(context);
          await checkJsonOfQuery(context);
        },
        shutdownSignal: streams.signal,
        routes: (router) => router.service(service, methods as never, own),
      },
      () => undefined,
    );
  }

  void app.register(async (scope) => {
    scope.addHook("preClose", (done) => {
      streams.endSoon();
      done();
    });
    // With the first it says which bodies nobody but itself reads.
    make(open[0].service.typeName, scope);
    const readAlready = { addContentTypeParser: () => scope };
    const handler = (request: FastifyRequest, reply: FastifyReply) => {
      const path = pathOf(request);
      make(path.slice(1, path.indexOf("/", 1)), readAlready as never);
      const input = lookedAt.get(path);
      if (input !== undefined) request.body = withJsonChecked(request, input);
      return handlers.get(path)?.(request, reply) ?? reply.callNotFound();
    };
    for (const start of packages) scope.route({ method: ["GET", "POST"], url: `/${start}*`, handler });
  });
}
