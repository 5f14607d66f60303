import { createValidator } from "@bufbuild/protovalidate";
import type { DescService } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import type { FastifyInstance } from "fastify";
import packageJson from "../package.json" with { type: "json" };
import { adminCollections } from "./admin/collections.ts";
import type { ComponentState } from "./admin/dependencies.ts";
import { claimAtFirstStart } from "./admin/bootstrap/first-start.ts";
import { createAdminService } from "./admin/service.ts";
import { defaultTenant } from "./admin/tenants/default-tenant.ts";
import { defaultAttemptPolicy } from "./auth/attempts.ts";
import { authCollections } from "./auth/collections.ts";
import { createAuthService } from "./auth/service.ts";
import { createGateway } from "./gateway/gateway.ts";
import { mountOidc } from "./gateway/oidc/oidc.ts";
import { createShowError } from "./gateway/pages/error-page.ts";
import { mountPages } from "./gateway/pages/pages.ts";
import { mountRest } from "./gateway/rest/transcoder.ts";
import { ownWork, serviceNames, type ServiceName } from "./host/call.ts";
import { ConfigurationError, loadConfig, type Config } from "./host/config.ts";
import { createCredentialVerifier } from "./host/credentials/credential-verifier.ts";
import { stopGracefully, type StopStep } from "./host/graceful.ts";
import { createHealthBoard } from "./host/health.ts";
import { createIdempotency } from "./host/idempotency.ts";
import { accessRules } from "./host/interceptors/access-rule.ts";
import { deadlines } from "./host/interceptors/deadline.ts";
import { errorMappingInterceptor, type Fault } from "./host/interceptors/error-mapping.ts";
import { serviceInterceptors } from "./host/interceptors/interceptors.ts";
import type { AnsweredCall } from "./host/interceptors/telemetry.ts";
import { warmValidation } from "./host/interceptors/validation.ts";
import { localRestCaller } from "./host/local-rest-caller.ts";
import { portTaken, type Listener } from "./host/listener.ts";
import { createLog, redact, type Log } from "./host/log.ts";
import { createMetrics, type Metrics } from "./host/metrics.ts";
import { createPageTokens } from "./host/page-token.ts";
import { createPeers, type Peers } from "./host/peers.ts";
import { reflection } from "./host/reflection.ts";
import { createGrpcListener, createHttpListener } from "./host/service-listener.ts";
import type { ServiceModule } from "./host/service-module.ts";
import { createTenants } from "./host/tenants.ts";
import { createLocalTransport } from "./host/transport/local-transport.ts";
import { createPeerTransport } from "./host/transport/peer-transport.ts";
import { identityCollections, identityRequests } from "./identity/collections.ts";
import { loadArgon2 } from "./identity/passwords/argon2.ts";
import { createPasswordHashing } from "./identity/passwords/password-hashing.ts";
import { createIdentityService } from "./identity/service.ts";
import { createClients } from "./oauth/clients/clients.ts";
import { oauthCollections, oauthRequests } from "./oauth/collections.ts";
import { defaultOauthLifetimes } from "./oauth/dependencies.ts";
import { createSigningKeys } from "./oauth/keys/signing-keys.ts";
import { createOauthService } from "./oauth/service.ts";
import { sessionCollections } from "./session/collections.ts";
import { defaultSessionLifetimes } from "./session/dependencies.ts";
import { createSessionService } from "./session/service.ts";
import { openStore } from "./store/open-store.ts";
import type { Collection, Store } from "./store/store.ts";
import { vaultTenantKeys } from "./vault/collections.ts";
import { loadMasterKeys } from "./vault/master-key.ts";
import { ulid } from "./vault/random.ts";
import { createServiceTokenIssuer, createServiceTokenVerifier, generateServiceKey } from "./vault/service-token.ts";
import { createVault, type Vault } from "./vault/vault.ts";

/** How often expired records are swept, and how many at once: small batches, so that nobody waits for one. */
const sweep = { every: 60_000, batch: 500 } as const;

/** An instance in this process. */
export interface KoderId {
  /** Public origin. */
  readonly url: string;
  readonly grpc: Readonly<Record<string, string>>;
  readonly http: Readonly<Record<string, string>>;
  /** Steps that stop it, in their order. */
  readonly stopSteps: readonly StopStep[];
}

/** Starts the program: reads its settings, serves until it is told to stop, and exits with a sentence when it cannot start. */
export async function startKoderId(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  let log: Log | undefined;
  try {
    const config = loadConfig(env);
    log = createLog({ level: config.logLevel });
    let running: KoderId | undefined;
    stopGracefully({ log, steps: () => running?.stopSteps ?? [] });
    running = await createKoderId({ config, log });
    log.info({ url: running.url, grpc: running.grpc, http: running.http }, "ready");
    if (process.stdout.isTTY) process.stdout.write(`\n  Koder ID is ready at ${running.url}\n\n`);
  } catch (error) {
    if (error instanceof ConfigurationError || log === undefined) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    } else {
      log.fatal({ err: error }, "the start failed");
      log.flush();
      process.stderr.write(`Koder ID cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
    }
    process.exitCode = 1;
    setImmediate(() => process.exit(1));
  }
}

const allCollections: readonly Collection[] = [
  ...identityCollections,
  ...authCollections,
  ...oauthCollections,
  ...sessionCollections,
  ...adminCollections,
  vaultTenantKeys,
];

/** Wires every service, the gateway and their ports, and resolves once the instance is ready to serve. */
export async function createKoderId({
  config,
  log,
  clock = Date.now,
  freeze = false,
}: {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: () => number;
  /** Freezes the messages between services, so that a test sees whoever changes one. */
  readonly freeze?: boolean;
}): Promise<KoderId> {
  const store = await openStore({ url: config.store, collections: allCollections, clock });
  const vault = await openVault(config, store, clock);
  const metrics = createMetrics();
  const report = faultLog(log);
  const tell = callLog(log, metrics);

  // Services reach one another through these, in this process by the local transports below.
  const local = new Map<ServiceName, Transport>();
  const keys = new Map(serviceNames.map((name) => [name as string, generateServiceKey()]));
  const publicKeys = new Map(Array.from(keys, ([name, { publicKey }]) => [name, publicKey]));
  const peersOf = (caller: ServiceName): Peers => {
    const key = keys.get(caller);
    if (key === undefined) throw new Error(`${caller} has no key`);
    const serviceToken = createServiceTokenIssuer({ service: caller, privateKey: key.privateKey, clock });
    return createPeers((audience) => {
      const transport = local.get(audience);
      if (transport === undefined) throw new Error(`the service ${audience} is not here`);
      return createPeerTransport({ transport, audience, serviceToken, clock });
    });
  };

  let origin = config.publicOrigin ?? "";
  const componentStates = async (): Promise<readonly ComponentState[]> => {
    const faultOf = (check: Promise<void> | undefined) =>
      (check ?? Promise.resolve()).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : "does not answer"),
      );
    return Promise.all([
      faultOf(store.ping()).then((fault) => ({ name: "store", fault })),
      ...modules.map(async ({ name, ready }) => ({ name, fault: await faultOf(ready?.()) })),
    ]);
  };
  const peers = Object.fromEntries(serviceNames.map((name) => [name, peersOf(name)])) as Record<ServiceName, Peers>;
  const tenants = Object.fromEntries(
    serviceNames.map((name) => [name, createTenants({ peers: peers[name], clock })]),
  ) as Record<ServiceName, ReturnType<typeof createTenants>>;
  const pageTokens = createPageTokens(vault);
  const signingKeys = createSigningKeys({ store, vault, clock });
  const modules: readonly ServiceModule[] = [
    createIdentityService({
      store,
      peers: peers.identity,
      tenants: tenants.identity,
      pageTokens,
      idempotency: createIdempotency({ store, vault, clock, collection: identityRequests }),
      hashing: createPasswordHashing({ argon2: loadArgon2() }),
      clock,
    }),
    createAuthService({ store, vault, peers: peers.auth, attempts: defaultAttemptPolicy, clock }),
    createOauthService({
      store,
      vault,
      peers: peers.oauth,
      tenants: tenants.oauth,
      pageTokens,
      idempotency: createIdempotency({ store, vault, clock, collection: oauthRequests }),
      clients: createClients({ store, clock }),
      signingKeys,
      clock,
      lifetimes: defaultOauthLifetimes,
    }),
    createSessionService({ store, vault, pageTokens, clock, lifetimes: defaultSessionLifetimes }),
    createAdminService({
      system: store.system(),
      vault,
      peers: peers.admin,
      clock,
      publicOrigin: () => origin,
      bootstrapToken: config.bootstrapToken,
      componentStates,
      version: packageJson.version,
    }),
  ];

  const validator = createValidator();
  const services = modules.flatMap(({ implementations }) => implementations.map(({ service }) => service));
  const health = createHealthBoard(services.map(({ typeName }) => typeName));
  const onFault: Parameters<typeof createGateway>[0]["onFault"] = (error, { id, reason }) =>
    log.error({ err: error, id, reason }, "a request failed");
  const fault = async (): Promise<string | undefined> => {
    if (health.isServing("") !== true) return "starting or stopping";
    const broken = (await componentStates()).find((state) => state.fault !== undefined);
    return broken === undefined ? undefined : `${broken.name}: ${broken.fault ?? ""}`;
  };

  const listeners: { readonly name: ServiceName; readonly grpc: Listener; readonly http: Listener }[] = [];
  for (const module of modules) {
    const { name } = module;
    const interceptors = serviceInterceptors({
      rules: accessRules(module.implementations.map(({ service }) => service)),
      verifyServiceToken: createServiceTokenVerifier({ keys: publicKeys, audience: name, clock }),
      credentials: createCredentialVerifier({ peers: peers[name], tenants: tenants[name], clock }),
      tenants: tenants[name],
      validator,
      tell,
      report,
      clock,
    });
    const transport = createLocalTransport(module, { interceptors, freeze });
    local.set(name, transport);
    const shared = { module, interceptors, health, host: config.serviceHost, onFault };
    const ownServices = module.implementations.map(({ service }) => service).filter(isPublic);
    listeners.push({
      name,
      grpc: createGrpcListener(shared),
      http: createHttpListener({
        ...shared,
        metrics,
        fault,
        mountRest: (app) => mountRest(app, ownServices, localRestCaller(transport)),
      }),
    });
  }

  const publicServices = services.filter(isPublic);
  const showError = createShowError({ log });
  const gateway = createGateway({
    peers: peers.gateway,
    services: publicServices,
    own: [health.implementation, ...reflection([...publicServices, health.implementation.service])],
    interceptors: [errorMappingInterceptor(report)],
    tls: config.tls,
    trustedProxies: config.trustedProxies,
    clock,
    onFault,
    mount(app) {
      mountOidc(app, { peers: peers.gateway, showError, clock });
      mountPages(app, { peers: peers.gateway, showError });
    },
    showNotFound: (request, reply) => showError(request, reply, { status: 404, reason: "NOT_FOUND" }),
  });

  const port = await listen(gateway, config.listen.host, config.listen.port);
  if (origin === "") origin = `${config.tls === undefined ? "http" : "https"}://localhost:${port}`;
  const grpc: Record<string, string> = {};
  const http: Record<string, string> = {};
  for (const [index, listener] of listeners.entries()) {
    const { serviceHost: host, serviceBasePort: base } = config;
    grpc[listener.name] = `${host}:${await listener.grpc.listen(host, base === 0 ? 0 : base + 1 + index)}`;
    http[listener.name] = `${host}:${await listener.http.listen(host, base === 0 ? 0 : base + 11 + index)}`;
  }

  const work = ownWork({
    service: "admin",
    tenantId: "system",
    requestId: ulid(clock()),
    deadline: clock() + deadlines.longest,
  });
  const admin = { system: store.system(), vault, peers: peers.admin, clock };
  const tenant = await defaultTenant(admin, work);
  const inTenant = { ...work, tenantId: tenant.id };
  await Promise.all([
    signingKeys.prepare(inTenant, "RS256", "current"),
    config.bootstrapToken === undefined ? claimAtFirstStart(admin, work, config, log) : undefined,
    Promise.resolve().then(() => warmValidation(validator, services)),
  ]);

  const timer = setInterval(() => void sweepExpired(store, log), sweep.every);
  timer.unref();
  for (const { typeName } of services) health.set(typeName, true);
  health.set("", true);
  // The next key is published long before it signs; nobody waits for its making.
  signingKeys.prepare(inTenant, "RS256", "next").catch((error: unknown) => {
    log.error({ err: error }, "the next signing key could not be made; it is tried again at the next start");
  });

  return {
    url: origin,
    grpc,
    http,
    stopSteps: [
      {
        name: "readiness",
        stop() {
          clearInterval(timer);
          for (const { typeName } of services) health.set(typeName, false);
          health.set("", false);
        },
      },
      { name: "gateway", stop: () => gateway.close() },
      {
        name: "service ports",
        stop: () => Promise.all(listeners.flatMap(({ grpc: one, http: other }) => [one.close(), other.close()])),
      },
      { name: "services", stop: () => Promise.all(modules.map(async (module) => module.stop?.())) },
      { name: "store", stop: () => store.close() },
    ],
  };
}

/** Services for the world: every one but those for the other services only. */
const isPublic = (service: DescService): boolean => !service.file.name.endsWith("_internal");

async function openVault(config: Config, store: Store, clock: () => number): Promise<Vault> {
  const system = store.system();
  // A key is made for an empty store only: one that came too late would hide that the right one is lost.
  const { items } = await system.page(vaultTenantKeys, { index: "id", limit: 1 });
  const masterKeys = await loadMasterKeys({ file: config.masterKeyFile, mayCreate: items.length === 0 });
  const vault = createVault({ masterKeys, system, clock });
  await vault.tenant(system.tenantId); // a wrong master key stops the start, not the first request
  return vault;
}

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

async function sweepExpired(store: Store, log: Log): Promise<void> {
  try {
    while ((await store.system().sweep(sweep.batch)) === sweep.batch);
  } catch (error) {
    log.warn({ err: error }, "expired records could not be swept; it is tried again");
  }
}
