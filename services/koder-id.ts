import { isIP } from "node:net";
import { createValidator } from "@bufbuild/protovalidate";
import type { FastifyInstance } from "fastify";
import { startBackground, type Rememberer } from "./assembly/background.ts";
import { ownStates, peerStates } from "./assembly/components.ts";
import { openData } from "./assembly/data.ts";
import { finishWritesLeftBehind } from "./assembly/finish-writes.ts";
import { createFirstStart } from "./assembly/first-start.ts";
import { createModule } from "./assembly/modules.ts";
import { openPorts, type Ports } from "./assembly/ports.ts";
import { createServiceCalls } from "./assembly/service-calls.ts";
import { createGateway, type GatewayOptions } from "./gateway/gateway.ts";
import { createRateLimits } from "./gateway/limits/rate-limits.ts";
import { createKeySets, type KeySets } from "./gateway/oidc/keys.ts";
import { mountOidc } from "./gateway/oidc/oidc.ts";
import { createBrands, type Brands } from "./gateway/pages/branding/brands.ts";
import { createShowError, createShowPlainError } from "./gateway/pages/error-page.ts";
import { mountPages } from "./gateway/pages/pages.ts";
import { publicServices } from "./gateway/public-services.ts";
import { mountRest } from "./gateway/rest/transcoder.ts";
import { createTenantOfHost, type TenantOfHost } from "./gateway/tenant-of-host.ts";
import { runInBackground, type BackgroundWork } from "./host/background-work.ts";
import type { ServiceName } from "./host/call.ts";
import type { Config } from "./host/config.ts";
import { createCredentialVerifier } from "./host/credentials/credential-verifier.ts";
import { createDpopVerifier } from "./host/dpop/dpop-verifier.ts";
import type { TlsFiles } from "./host/dual-secure.ts";
import type { StopStep } from "./host/graceful.ts";
import { errorId } from "./host/error-id.ts";
import { createHealthBoard, type HealthBoard } from "./host/health.ts";
import { accessRules } from "./host/interceptors/access-rule.ts";
import { errorMappingInterceptor, type Fault } from "./host/interceptors/error-mapping.ts";
import { serviceInterceptors } from "./host/interceptors/interceptors.ts";
import type { AnsweredCall } from "./host/interceptors/telemetry.ts";
import { portTaken } from "./host/listener.ts";
import { localRestCaller } from "./host/local-rest-caller.ts";
import { redact, type Log } from "./host/log.ts";
import { createMetrics, type Metrics } from "./host/metrics.ts";
import { createGuardedFetch } from "./host/outbound/guarded-fetch.ts";
import type { Peers } from "./host/peers.ts";
import type { Served } from "./host/processes/messages.ts";
import type { Primary } from "./host/processes/worker.ts";
import { reflection } from "./host/reflection.ts";
import { loadServiceKeys, makeServiceKeys } from "./host/service-keys.ts";
import { createGrpcListener, createHttpListener, createStatusListener } from "./host/service-listener.ts";
import type { ServiceModule } from "./host/service-module.ts";
import { createTenants, type Tenants } from "./host/tenants.ts";
import { createLocalTransport } from "./host/transport/local-transport.ts";
import { ulid } from "./vault/random.ts";
import { createServiceTokenVerifier } from "./vault/service-token.ts";

/** An instance in this process: its public origin, the addresses of its ports, and how it is stopped. */
export interface KoderId extends Served {
  /** Steps that stop it, in their order. */
  readonly stopSteps: readonly StopStep[];
}

/**
 * Wires what this process serves, some of the services and the gateway or all of them, opens its ports, and resolves once it
 * can serve. In one process everything is there by then; with services elsewhere, what the first start needs of them is
 * made as soon as they answer.
 */
export async function createKoderId({
  config,
  log,
  primary,
  clock = Date.now,
  freeze = false,
}: {
  readonly config: Config;
  readonly log: Log;
  /** Where this process is one of several that share its ports: what started them. */
  readonly primary?: Primary | undefined;
  readonly clock?: () => number;
  /** Freezes the messages between services, so that a test sees whoever changes one. */
  readonly freeze?: boolean;
}): Promise<KoderId> {
  const here = config.services.filter((name) => name !== "gateway");
  const keys =
    config.serviceKeys === undefined
      ? (primary?.serviceKeys ?? makeServiceKeys())
      : await loadServiceKeys(config.serviceKeys, config.services);
  // The gateway stores nothing and holds no keys but its own.
  const data = here.length === 0 ? undefined : await openData(config, clock);
  const counted = createMetrics();
  const metrics = primary?.shareMetrics(counted) ?? counted;
  const report = faultLog(log);
  const tell = callLog(log, metrics);
  const onFault: GatewayOptions["onFault"] = (error, { id, reason }) =>
    log.error({ err: error, id, reason }, "a request failed");

  const calls = createServiceCalls({ config, keys, report, clock });
  /** Whoever remembers something besides the modules, to be told what an event changed. */
  const rememberers: Rememberer[] = [];
  const knownTenants = new Map<ServiceName, Tenants>();
  function tenantsOf(service: ServiceName): Tenants {
    const known = knownTenants.get(service);
    if (known !== undefined) return known;
    const tenants = createTenants({ peers: calls.peersOf(service), clock });
    knownTenants.set(service, tenants);
    rememberers.push(tenants);
    return tenants;
  }
  let origin = config.publicOrigin ?? "";
  const outbound = createGuardedFetch({ exempt: config.outboundExempt });
  const states = () => ownStates(data?.store, modules);
  const modules: readonly ServiceModule[] =
    data === undefined
      ? []
      : here.map((name) =>
          createModule(name, {
            config,
            data,
            calls,
            tenantsOf,
            clock,
            publicOrigin: () => origin,
            log,
            outbound,
            metrics,
            componentStates: async () => [...(await states()), ...(await peerStates(config.peers, calls))],
          }),
        );

  const validator = createValidator();
  const services = modules.flatMap(({ implementations }) => implementations.map(({ service }) => service));
  const health = createHealthBoard(services.map(({ typeName }) => typeName));
  async function fault(): Promise<string | undefined> {
    if (health.isServing("") !== true) return "starting or stopping";
    const broken = (await states()).find((state) => state.fault !== undefined);
    return broken === undefined ? undefined : `${broken.name}: ${broken.fault ?? ""}`;
  }
  const onBroken = brokenCertificateLog(log);
  const serviceTls = listenerTls(config.serviceTls, onBroken);
  const ports: Ports[] = modules.map((module) => {
    const { name } = module;
    if (data === undefined) throw new Error(`${name} is served without a store`);
    const peers = calls.peersOf(name);
    const dpop = createDpopVerifier({ vault: data.vault, peers, clock });
    const credentials = createCredentialVerifier({ peers, tenants: tenantsOf(name), dpop, clock });
    rememberers.push(credentials);
    const interceptors = serviceInterceptors({
      rules: accessRules(module.implementations.map(({ service }) => service)),
      verifyServiceToken: createServiceTokenVerifier({ keys: keys.publicKeys, audience: name, clock }),
      credentials,
      tenants: tenantsOf(name),
      validator,
      tell,
      report,
      clock,
    });
    const transport = createLocalTransport(module, { interceptors, freeze });
    calls.serveHere(name, transport);
    const shared = { module, interceptors, health, host: config.serviceHost, tls: serviceTls, onFault };
    const own = module.implementations.map(({ service }) => service).filter((one) => publicServices.includes(one));
    return {
      name,
      grpc: createGrpcListener(shared),
      http: createHttpListener({
        ...shared,
        metrics,
        fault,
        mountRest: (app) => mountRest(app, own, localRestCaller(transport)),
      }),
    };
  });

  // With services elsewhere, which may not be there yet, it is left to the readers of the log.
  if (data !== undefined && config.peers.size === 0) await finishWritesLeftBehind(data.store.system(), modules);

  let gateway: FastifyInstance | undefined;
  let listening: string | undefined;
  if (config.services.includes("gateway")) {
    const peers = calls.peersOf("gateway");
    const hosts = createTenantOfHost({ peers, clock });
    const brands = createBrands({ peers, clock, log });
    const keySets = createKeySets({ peers, clock });
    rememberers.push(hosts, brands, keySets);
    gateway = assembleGateway({
      config,
      publicOrigin: () => origin,
      peers,
      hosts,
      brands,
      keySets,
      health,
      report,
      onFault,
      clock,
      log,
    });
    const { host } = config.listen;
    const port = await listen(gateway, host, config.listen.port);
    listening = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    if (origin === "") origin = `${config.tls === undefined ? "http" : "https"}://localhost:${port}`;
    if (ports.length === 0) {
      const shared = { health, host: config.serviceHost, tls: serviceTls, onFault };
      ports.push({ name: "gateway", http: createStatusListener({ ...shared, metrics, fault }) });
    }
  }
  if (origin === "") origin = `http://localhost:${config.listen.port}`;
  const addresses = await openPorts(ports, config);

  const holder = ulid(clock());
  const background: BackgroundWork[] = [];
  background.push(
    ...(await startBackground({
      store: data?.store,
      modules,
      rememberers,
      services: here,
      keys,
      holder,
      metrics,
      clock,
      log,
    })),
  );
  let inTime: Promise<void> | undefined;
  if (data !== undefined) {
    const firstStart = createFirstStart({
      config,
      data,
      modules,
      calls,
      tenantsOf,
      publicOrigin: () => origin,
      holder,
      clock,
      log,
    });
    if (config.peers.size > 0) background.push(runOnce("first start", firstStart, log));
    else inTime = firstStart();
  }
  await inTime;
  const serving = (is: boolean): void => {
    for (const { typeName } of services) health.set(typeName, is);
    health.set("", is);
  };
  serving(true);

  return {
    url: origin,
    listening,
    ...addresses,
    stopSteps: [
      { name: "readiness", stop: () => serving(false) },
      { name: "gateway", stop: () => gateway?.close() },
      {
        name: "service ports",
        stop: () => Promise.all(ports.flatMap((port) => [port.grpc, port.http]).map(async (one) => one?.close())),
      },
      { name: "background work", stop: () => Promise.all(background.map((work) => work.stop())) },
      { name: "services", stop: () => Promise.all(modules.map(async (module) => module.stop?.())) },
      { name: "connections to peers", stop: () => calls.close() },
      { name: "store", stop: () => data?.store.close() },
    ],
  };
}

/** The gateway over the clients that it has of the services, wherever they are. */
function assembleGateway({
  config,
  publicOrigin,
  peers,
  hosts,
  brands,
  keySets,
  health,
  report,
  onFault,
  clock,
  log,
}: {
  readonly config: Config;
  readonly publicOrigin: () => string;
  readonly peers: Peers;
  readonly hosts: TenantOfHost;
  readonly brands: Brands;
  readonly keySets: KeySets;
  readonly health: HealthBoard;
  readonly report: (fault: Fault) => void;
  readonly onFault: GatewayOptions["onFault"];
  readonly clock: () => number;
  readonly log: Log;
}): FastifyInstance {
  const showError = createShowError({ log });
  return createGateway({
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
}

/** Does something until it is done once. */
function runOnce(name: string, work: () => Promise<void>, log: Log): BackgroundWork {
  let done = false;
  return runInBackground({
    name,
    log,
    async step() {
      if (!done) await work();
      done = true;
      return Number.POSITIVE_INFINITY;
    },
  });
}

const listenerTls = (
  { certFile, keyFile, caFile, mutual }: Config["serviceTls"],
  onBroken: NonNullable<TlsFiles["onBroken"]>,
): TlsFiles | undefined =>
  certFile === undefined || keyFile === undefined
    ? undefined
    : { certFile, keyFile, clientCaFile: mutual ? caFile : undefined, onBroken };

/** What an operator must look at before the certificate that is shown meanwhile runs out. */
const brokenCertificateLog =
  (log: Log): NonNullable<TlsFiles["onBroken"]> =>
  (broken) =>
    log.warn({ id: errorId("CERTIFICATE_UNUSABLE"), ...broken }, "a certificate cannot be used");

/** Listens, and answers the port. */
async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    const address = await app.listen({ host, port });
    return Number(new URL(address).port);
  } catch (error) {
    throw portTaken(error, host, port);
  }
}

/** Faults of ours at their level: what an operator must look at, and what happens on a busy day. */
function faultLog(log: Log): (fault: Fault) => void {
  return ({ error, ...fault }) => {
    if (fault.reason === "INTERNAL") log.error({ ...fault, err: error }, "a fault of ours");
    else if (fault.reason === "UNAVAILABLE") log.warn({ ...fault, err: error }, "something was away");
    else log.debug({ ...fault, err: error }, "a call did not go through");
  };
}

/** Counts every call, and on a log that is detailed enough writes it down, with what is sensitive redacted. */
function callLog(log: Log, metrics: Metrics): (answered: AnsweredCall) => void {
  return (answered) => {
    metrics.tell(answered);
    if (!log.isLevelEnabled("debug")) return;
    const { method, code, milliseconds, requestId, request } = answered;
    const shown = request === undefined ? {} : { request: redact(request.schema, request.message) };
    log.debug({ method, code, milliseconds: Math.round(milliseconds * 10) / 10, requestId, ...shown }, "call");
  };
}
