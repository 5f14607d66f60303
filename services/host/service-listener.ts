import { isIP } from "node:net";
import type { Interceptor } from "@connectrpc/connect";
import { mountConnect } from "./mount-connect.ts";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "./failure.ts";
import type { HealthBoard } from "./health.ts";
import { createHttpApp, largestBody, sendError, type HttpAppOptions } from "./http-app.ts";
import { lazyListener, type Listener } from "./listener.ts";
import type { Metrics } from "./metrics.ts";
import { isNamedByCertificate } from "./named-by-certificate.ts";
import { namedHost } from "./named-host.ts";
import { reflection } from "./reflection.ts";
import type { Implementation, ServiceModule } from "./service-module.ts";

export interface ServiceListenerOptions extends HttpAppOptions {
  readonly module: ServiceModule;
  readonly interceptors: readonly Interceptor[];
  readonly health: HealthBoard;
  /** The configured service host: a name that Host may have besides loopback's. */
  readonly host: string;
}

/**
 * A service's gRPC port: gRPC, gRPC-web and Connect over HTTP/2 and HTTP/1.1, with `grpc.health.v1` and reflection, which
 * alone need no credential. Every other method runs through the interceptors.
 */
export function createGrpcListener(options: ServiceListenerOptions): Listener {
  return lazyListener(options.tls, (serverFactory) => {
    const app = createHttpApp(options, serverFactory);
    app.addHook("onRequest", checkHost(options.host));
    const services = options.module.implementations.map(({ service }) => service);
    mountRpc(app, options, [...reflection([...services, options.health.implementation.service])], {});
    answerUnknown(app);
    return app;
  });
}

/** What tells how a process is. */
export interface StatusOptions extends HttpAppOptions {
  /** The configured service host: a name that Host may have besides loopback's. */
  readonly host: string;
  readonly metrics: Metrics;
  /** Why the process does not serve now; undefined when it does. */
  readonly fault: () => Promise<string | undefined>;
}

/** What a service's HTTP port has beyond its RPCs. */
export interface HttpListenerOptions extends ServiceListenerOptions, StatusOptions {
  /** Adds the REST face of the service. */
  readonly mountRest: (app: FastifyInstance) => void;
}

/** A service's HTTP port: Connect, REST, `/healthz`, `/readyz` and `/metrics`. */
export function createHttpListener(options: HttpListenerOptions): Listener {
  return lazyListener(options.tls, (serverFactory) => {
    const app = createHttpApp(options, serverFactory);
    app.addHook("onRequest", checkHost(options.host));
    mountRpc(app, options, [], { grpc: false, grpcWeb: false });
    options.mountRest(app);
    mountStatus(app, options);
    answerUnknown(app);
    return app;
  });
}

/** `/healthz`, `/readyz` and `/metrics` of a process that serves the gateway only: none of them is on the public port. */
export function createStatusListener(options: StatusOptions): Listener {
  return lazyListener(options.tls, (serverFactory) => {
    const app = createHttpApp(options, serverFactory);
    app.addHook("onRequest", checkHost(options.host));
    mountStatus(app, options);
    answerUnknown(app);
    return app;
  });
}

function mountStatus(app: FastifyInstance, { fault, metrics }: StatusOptions): void {
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const found = await fault();
    return found === undefined ? { status: "ready" } : reply.code(503).send({ status: "not ready", fault: found });
  });
  app.get("/metrics", async (_request, reply) =>
    reply.type("text/plain; version=0.0.4; charset=utf-8").send(await metrics.text()),
  );
}

/** Serves a module's implementations through the interceptors, and health and what else is open without them. */
function mountRpc(
  app: FastifyInstance,
  { module, interceptors, health }: ServiceListenerOptions,
  open: readonly Implementation[],
  protocols: { readonly grpc?: boolean; readonly grpcWeb?: boolean },
): void {
  mountConnect(app, {
    ...protocols,
    interceptors: [...interceptors],
    readMaxBytes: largestBody,
    implementations: module.implementations,
    open: [health.implementation, ...open],
  });
}

function answerUnknown(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) => sendError(reply, failure(ErrorReason.NOT_FOUND, "no such path is here")));
}

const loopbackName = /^(?:localhost|.+\.localhost)$/;

/**
 * Refuses a request that names no one host, or whose host is neither an address, nor loopback's name, nor the configured one, nor one of
 * the port's certificate: it was rebound (A25).
 */
function checkHost(configured: string) {
  return ({ raw }: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const host = namedHost(raw.rawHeaders)
      ?.replace(/:\d{1,5}$/, "")
      .replace(/^\[(.*)\]$/, "$1");
    const isOurs = (name: string): boolean =>
      isIP(name) !== 0 || loopbackName.test(name) || name === configured || isNamedByCertificate(raw, name);
    if (host !== undefined && isOurs(host)) return done();
    sendError(reply, failure(ErrorReason.HOST_UNKNOWN, "this server does not answer to that host"));
  };
}
