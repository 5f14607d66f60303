import type { DescService } from "@bufbuild/protobuf";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { errorAnswer, type ErrorAnswer } from "../host/error-answer.ts";
import { failure } from "../host/failure.ts";
import { withoutDefaultPort } from "../host/default-port.ts";
import { isAtOrBelow } from "../host/at-or-below.ts";
import { createHttpApp, sendJson, type HttpAppOptions } from "../host/http-app.ts";
import { internalHeaders } from "../host/internal-headers.ts";
import { namedHost } from "../host/named-host.ts";
import { headerOf, pathOf } from "../host/request-parts.ts";
import { tenantHeaderUseless } from "../host/tenant-header.ts";
import { ulid } from "../vault/random.ts";
import { enter, isAdmitted, keepOut } from "./context.ts";
import type { RateLimits } from "./limits/rate-limits.ts";
import { anyOrigin, isOpenToAll } from "./oidc/cors.ts";
import { isOfOAuth, standardBody } from "./oidc/standard-error.ts";
import type { Brands } from "./pages/branding/brands.ts";
import { remoteAddressReader } from "./remote-address.ts";
import { mountRest } from "./rest/transcoder.ts";
import { mountRpc, restCaller, type RpcOptions } from "./rpc/mount-rpc.ts";
import { allowedMethods, rememberRoutes } from "./routes.ts";
import type { TenantOfHost } from "./tenant-of-host.ts";
import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";

export interface GatewayOptions extends Omit<HttpAppOptions, "sendAnswer">, Omit<RpcOptions, "services"> {
  /** The services that the world may call. */
  readonly services: readonly DescService[];
  readonly hosts: TenantOfHost;
  /** Origin of the default tenant. Known once the gateway listens. */
  readonly publicOrigin: () => string;
  /** How tenants look. */
  readonly brands: Brands;
  readonly trustedProxies: readonly string[];
  /** Adds the standard endpoints and the pages. */
  readonly mount: (app: FastifyInstance) => void;
  readonly limits: RateLimits;
  /** Shows a person an error that no page or endpoint answered itself: they must wait, no such path is here, or it is a fault of ours. */
  readonly showRefused: (request: FastifyRequest, reply: FastifyReply, answer: ErrorAnswer) => unknown;
  /** The same where no tenant is at hand: nobody's page. */
  readonly showPlainRefused: (request: FastifyRequest, reply: FastifyReply, answer: ErrorAnswer) => unknown;
}

/** On every answer; pages and the standard endpoints set what they need beyond it. */
const securityHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
} as const;
const strictTransport = "strict-transport-security";
const overTls = { ...securityHeaders, [strictTransport]: "max-age=31536000" } as const;
/** The same of the hosts at and below the public one, where every name is ours: a tenant's own domain may have others below it. */
const atOurNames = `${overTls[strictTransport]}; includeSubDomains`;

/**
 * A path that another program, or our own limits, might read otherwise than our router does (security A25): dot segments, doubled,
 * encoded or back slashes, NUL, a fragment, and letters, digits and marks that are escaped although nobody has to (RFC 3986 §2.3).
 */
const ambiguousPath =
  /\/\/|\\|#|%(?:2f|5c|00)|%(?:2[de]|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\dae])|\/\.{1,2}(?:[/?;]|$)/i;

/** The longest name of a host (RFC 1035 §2.3.4: 253 characters), with a colon and a port. */
const longestHost = 253 + 6;

/**
 * The gateway: one port for browsers, OpenID Connect clients, REST and RPC. It finds the tenant of the host, sets limits and
 * headers, and hands on; it decides nothing, stores nothing and holds no key of a tenant.
 */
export function createGateway(options: GatewayOptions): FastifyInstance {
  const { peers, services, hosts, brands, clock } = options;
  /**
   * As a page where a person reads it, in OAuth's form where its clients do, and in ours elsewhere. Whoever may read what an endpoint
   * answers may read what is refused there: a browser says of anything else only that it failed.
   */
  function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: ErrorAnswer): unknown {
    if (isOpenToAll(request.routeOptions.url)) void reply.headers(anyOrigin);
    if (showsPage(request)) {
      const show = isAdmitted(request) ? options.showRefused : options.showPlainRefused;
      return show(request, reply, answer);
    }
    return sendJson(reply, isOfOAuth(pathOf(request)) ? { ...answer, body: standardBody(answer) } : answer);
  }
  const refuse = (request: FastifyRequest, reply: FastifyReply, reason: ErrorReason, message: string): unknown =>
    sendAnswer(request, reply, errorAnswer(failure(reason, message)));
  const app = createHttpApp({ ...options, sendAnswer });
  const remoteAddress = remoteAddressReader(options.trustedProxies);

  rememberRoutes(app);
  app.addHook("onRequest", (request, reply, done) => {
    const requestId = ulid(clock());
    void reply.headers(options.tls === undefined ? securityHeaders : overTls).header("x-request-id", requestId);
    const path = pathOf(request);
    if (ambiguousPath.test(path)) return refuse(request, reply, ErrorReason.INVALID_REQUEST, "the path is ambiguous");
    const host = namedHost(request.raw.rawHeaders);
    if (host === undefined || host.length > longestHost)
      return refuse(
        request,
        reply,
        ErrorReason.INVALID_REQUEST,
        "the request must name one host, by Host or :authority",
      );
    if (options.tls !== undefined && isOfOurNames(host, options.publicOrigin())) {
      void reply.header(strictTransport, atOurNames);
    }
    const now = clock();
    const address = remoteAddress(request.raw.socket.remoteAddress, headerOf(request, "x-forwarded-for"));
    const verdict = options.limits({ method: request.method, path, address, now });
    if (verdict !== undefined) void reply.headers(verdict.headers);
    const refusal = verdict?.refusal;
    const admit = (tenant: Tenant | null): unknown => {
      const canonicalOrigin = tenant?.canonicalOrigin ?? "";
      const isCanonical = isHostOf(canonicalOrigin, host);
      if (refusal !== undefined && !isCanonical) return sendAnswer(request, reply, errorAnswer(refusal));
      // Each RPC protocol has a form of its own for errors, which its handler knows.
      const refuseHost = (message: string): unknown => {
        if (!isRpc(path)) return refuse(request, reply, ErrorReason.HOST_UNKNOWN, message);
        keepOut(request, failure(ErrorReason.HOST_UNKNOWN, message));
        return done();
      };
      if (tenant === null) return refuseHost("no tenant answers to this host");
      if (!isCanonical) {
        // A tenant has one canonical origin (docs/tenants.md): a reader of a page on another of its hosts is sent there; everything else
        // is refused, so that no cookie, link or token is ever of another origin.
        const isRead = request.method === "GET" || request.method === "HEAD";
        if (!isRead) return refuseHost(`this tenant answers at ${canonicalOrigin}`);
        if (isOpenToAll(request.routeOptions.url)) void reply.headers(anyOrigin);
        // Which of its origins that is may change back: a redirect that is kept would lead in a circle then.
        return reply.header("cache-control", "no-store").redirect(`${canonicalOrigin}${request.url}`, 307);
      }
      enter(request, reply, { requestId, tenant, remoteAddress: address, refusal, brands, now });
      if (refusal === undefined || isRpc(path)) return done();
      return sendAnswer(request, reply, errorAnswer(refusal));
    };
    const known = hosts.peek(host);
    if (known !== undefined) return void admit(known);
    // Whoever has sent too many makes nobody look up a host.
    if (refusal !== undefined) return sendAnswer(request, reply, errorAnswer(refusal));
    hosts.get(host, requestId).then(admit, done);
  });

  mountRpc(app, options);
  mountRest(app, services, restCaller(peers));
  void app.register(async (own) => {
    // Here no credential could have INSTANCE authority: the header is refused, never passed over.
    own.addHook("onRequest", (request, reply, done) => {
      if (headerOf(request, internalHeaders.tenant) === undefined) return done();
      void refuse(request, reply, ErrorReason.TENANT_HEADER_REFUSED, tenantHeaderUseless);
    });
    options.mount(own);
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = allowedMethods(app, pathOf(request));
    const isWrongMethod = allowed.length > 0 && !allowed.includes(request.method);
    if (isWrongMethod) void reply.header("allow", allowed.join(", "));
    if (allowed.includes("OPTIONS")) void reply.headers(anyOrigin);
    const refusal = isWrongMethod
      ? failure(ErrorReason.METHOD_NOT_ALLOWED, `the path takes ${allowed.join(", ")}`)
      : failure(ErrorReason.NOT_FOUND, "no such path is here");
    return sendAnswer(request, reply, errorAnswer(refusal));
  });
  return app;
}

/** Whether a host is that of an origin. */
function isHostOf(origin: string, host: string): boolean {
  const at = origin.indexOf("//");
  return origin.slice(at + 2) === withoutDefaultPort(host, origin.slice(0, at));
}

/** Whether a host has the name of an origin, or one below it, at whatever port. */
const isOfOurNames = (host: string, origin: string): boolean =>
  isAtOrBelow(withoutPort(host), withoutPort(origin.slice(origin.indexOf("//") + 2)));

const withoutPort = (host: string): string => host.replace(/:\d+$/, "");

/** Paths of `<package>.<Service>/<Method>`. */
const isRpc = (path: string): boolean => path.startsWith("/koder.") || path.startsWith("/grpc.");

/** Whether a person reads the answer. */
const showsPage = (request: FastifyRequest): boolean => headerOf(request, "accept")?.includes("text/html") === true;
