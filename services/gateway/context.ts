import type { ConnectError } from "@connectrpc/connect";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import type { Outbound } from "../host/call.ts";
import { deadlines } from "../host/interceptors/deadline.ts";
import type { Brands } from "./pages/branding/brands.ts";

/** What the gateway knows of a request. */
export interface GatewayContext {
  /** ULID, made here. */
  readonly requestId: string;
  /** The tenant that answers to the request's host. */
  readonly tenant: Tenant;
  /** Address of the client; behind trusted proxies, the one that they forward. */
  readonly remoteAddress: string;
  /** Why the request is refused where its answer has a form that only its handler knows: RPC; otherwise undefined. */
  readonly refusal: ConnectError | undefined;
  /** How tenants look, for who shows the person a page. */
  readonly brands: Brands;
  /** What a call to a service on behalf of the request hands on. */
  readonly outbound: Outbound;
}

const contexts = new WeakMap<FastifyRequest, GatewayContext>();
const notLetIn = new WeakMap<FastifyRequest, ConnectError>();

/** Leaves it to the handler of an RPC to say why no tenant lets the request in: it has no context. */
export const keepOut = (request: FastifyRequest, refusal: ConnectError): void => void notLetIn.set(request, refusal);

/** Why a request is refused whose answer has a form that only its handler knows; undefined where it is not. */
export const refusalOf = (request: FastifyRequest): ConnectError | undefined =>
  notLetIn.get(request) ?? contextOf(request).refusal;

/** The context of a request. Throws on a request that the gateway has not let in. */
export function contextOf(request: FastifyRequest): GatewayContext {
  const context = contexts.get(request);
  if (context === undefined) throw new Error("the request has no context: the gateway's hooks did not run");
  return context;
}

/** Whether the gateway has let a request in, so that it has a context. */
export const isAdmitted = (request: FastifyRequest): boolean => contexts.has(request);

/** Makes the context of a request at `now` (ms); calls made for it end when its connection is gone. */
export function enter(
  request: FastifyRequest,
  reply: FastifyReply,
  { now, ...known }: Omit<GatewayContext, "outbound"> & { readonly now: number },
): void {
  const gone = new AbortController();
  // The request's own signal ends as soon as its body was read; the answer's end is what counts.
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const { requestId, tenant, remoteAddress } = known;
  contexts.set(request, {
    ...known,
    outbound: {
      requestId,
      tenantId: tenant.id,
      deadline: now + deadlines.usual,
      actor: { id: "", type: ActorType.UNSPECIFIED },
      clientAddress: remoteAddress,
      signal: gone.signal,
    },
  });
}
