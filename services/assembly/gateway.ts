import type { FastifyInstance } from "fastify";
import { createGateway, type GatewayOptions } from "../gateway/gateway.ts";
import { createRateLimits } from "../gateway/limits/rate-limits.ts";
import { createKeySets } from "../gateway/oidc/keys.ts";
import { mountOidc } from "../gateway/oidc/oidc.ts";
import { createBrands } from "../gateway/pages/branding/brands.ts";
import { createShowError, createShowPlainError } from "../gateway/pages/error-page.ts";
import { mountPages } from "../gateway/pages/pages.ts";
import { publicServices } from "../gateway/public-services.ts";
import { createTenantOfHost } from "../gateway/tenant-of-host.ts";
import type { Config } from "../host/config.ts";
import type { HealthBoard } from "../host/health.ts";
import { errorMappingInterceptor, type Fault } from "../host/interceptors/error-mapping.ts";
import type { Log } from "../host/log.ts";
import type { Peers } from "../host/peers.ts";
import { reflection } from "../host/reflection.ts";
import type { Rememberer } from "./background.ts";
import { brokenCertificateLog } from "./log-lines.ts";

/** The gateway over the clients that it has of the services, wherever they are; with whatever in it remembers something of them. */
export function assembleGateway({
  config,
  publicOrigin,
  peers,
  health,
  report,
  onFault,
  clock,
  log,
}: {
  readonly config: Config;
  readonly publicOrigin: () => string;
  readonly peers: Peers;
  readonly health: HealthBoard;
  readonly report: (fault: Fault) => void;
  readonly onFault: GatewayOptions["onFault"];
  readonly clock: () => number;
  readonly log: Log;
}): { readonly gateway: FastifyInstance; readonly rememberers: readonly Rememberer[] } {
  const hosts = createTenantOfHost({ peers, clock });
  const brands = createBrands({ peers, clock, log });
  const keySets = createKeySets({ peers, clock });
  const showError = createShowError({ log });
  const gateway = createGateway({
    peers,
    hosts,
    publicOrigin,
    brands,
    services: publicServices,
    own: [health.implementation, ...reflection([...publicServices, health.implementation.service])],
    interceptors: [errorMappingInterceptor(report)],
    tls: config.tls === undefined ? undefined : { ...config.tls, onBroken: brokenCertificateLog(log) },
    trustedProxies: config.trustedProxies,
    clock,
    onFault,
    limits: createRateLimits(config.rateLimits),
    mount(app) {
      mountOidc(app, { peers, showError, keySets, clock });
      mountPages(app, { peers, showError, showsMails: config.mode === "development" });
    },
    showPlainRefused: createShowPlainError({ log }),
    showRefused: (request, reply, { status, reason, message, id, headers }) => {
      if (status === 405) return showError(request, reply, { status, reason, id, detail: message });
      const retryAfter = headers["retry-after"];
      return showError(request, reply, {
        status,
        reason,
        id,
        ...(retryAfter === undefined ? {} : { headers: { "retry-after": retryAfter } }),
      });
    },
  });
  return { gateway, rememberers: [hosts, brands, keySets] };
}
