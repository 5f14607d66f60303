import type { DescMethod, DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import {
  createContextKey,
  createContextValues,
  type CallOptions,
  type ConnectError,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { mountConnect } from "../../host/mount-connect.ts";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { forward } from "../../host/call.ts";
import { largestBody } from "../../host/http-app.ts";
import { internalHeaders } from "../../host/internal-headers.ts";
import { refusalWithId } from "../../host/interceptors/error-mapping.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { Peers } from "../../host/peers.ts";
import { headerOf, pathOf } from "../../host/request-parts.ts";
import type { Implementation } from "../../host/service-module.ts";
import { contextOf, isAdmitted, refusalOf, type GatewayContext } from "../context.ts";

const gatewayContextKey = createContextKey<GatewayContext | undefined>(undefined, { description: "gateway context" });

const refusalKey = createContextKey<ConnectError | undefined>(undefined, { description: "refusal of the gateway" });

export interface RpcOptions {
  readonly peers: Peers;
  readonly services: readonly DescService[];
  /** Health and reflection, which are answered here. */
  readonly own: readonly [Implementation, ...Implementation[]];
  readonly interceptors: readonly Interceptor[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * Serves the public services by gRPC, gRPC-web and Connect: the same descriptors as the services, each method handed on to
 * its service by the typed client. The caller's own credential goes along, and is verified there.
 */
export function mountRpc(app: FastifyInstance, { peers, services, own, interceptors, clock }: RpcOptions): void {
  mountConnect(app, {
    admit: refuseWhereRefused,
    interceptors: [...interceptors],
    readMaxBytes: largestBody,
    contextValues: (request) =>
      createContextValues()
        .set(gatewayContextKey, isAdmitted(request) ? contextOf(request) : undefined)
        .set(refusalKey, refusalOf(request)),
    implementations: services.map((service) => ({ service, methods: handedOn(peers, service, clock) })),
    open: own,
  });
}

/** Refuses what the gateway refuses, in the form of the call's own protocol: gRPC's RESOURCE_EXHAUSTED, Connect's 429. */
function refuseWhereRefused({ values }: HandlerContext): void {
  const refusal = values.get(refusalKey);
  if (refusal !== undefined) throw refusalWithId(refusal);
}

type AnyCall = (message: Message, options: CallOptions) => unknown;

function handedOn(peers: Peers, service: DescService, clock: () => number): Readonly<Record<string, unknown>> {
  const client = peers.client(service) as Readonly<Record<string, AnyCall>>;
  const handOn = (method: DescMethod) => (message: Message, context: HandlerContext) => {
    const call = client[method.localName];
    const gateway = context.values.get(gatewayContextKey);
    if (call === undefined || gateway === undefined) throw new Error(`${method.name} cannot be handed on`);
    const [usual, longest] =
      method.methodKind === "unary" ? [deadlines.usual, deadlines.longest] : [deadlines.stream, deadlines.stream];
    const timeout = Math.min(context.timeoutMs() ?? usual, longest);
    return call(
      message,
      forward({
        ...gateway.outbound,
        ...credentialOf(
          (name) => context.requestHeader.get(name),
          `${context.requestMethod} ${new URL(context.url).pathname}`,
        ),
        signal: context.signal,
        deadline: clock() + timeout,
      }),
    );
  };
  return Object.fromEntries(
    service.methods
      .filter(({ methodKind }) => methodKind === "unary" || methodKind === "server_streaming")
      .map((method) => [method.localName, handOn(method)]),
  );
}

/** What the gateway hands on of a request's headers; everything else stays outside. `target` is its method and path. */
function credentialOf(header: (name: string) => string | null | undefined, target: string) {
  const authorization = header("authorization") ?? bootstrapCredential(header(internalHeaders.bootstrapToken));
  const proof = header("dpop");
  const tenantHeader = header(internalHeaders.tenant);
  return {
    ...(authorization == null ? {} : { authorization }),
    ...(proof == null ? {} : { dpop: { proof, target } }),
    ...(tenantHeader == null ? {} : { tenantHeader }),
  };
}

const bootstrapCredential = (token: string | null | undefined): string | undefined =>
  token == null ? undefined : `Bearer ${token}`;

/** Calls a unary method for an HTTP request, as the REST transcoder wants it. */
export function restCaller(peers: Peers) {
  return (method: DescMethodUnary, request: FastifyRequest, message: Message): Promise<Message> => {
    const client = peers.client(method.parent) as Readonly<Record<string, AnyCall>>;
    const call = client[method.localName];
    if (call === undefined) throw new Error(`${method.name} cannot be handed on`);
    const credential = credentialOf((name) => headerOf(request, name), `${request.method} ${pathOf(request)}`);
    return call(message, forward({ ...contextOf(request).outbound, ...credential })) as Promise<Message>;
  };
}
