import { isIP } from "node:net";
import { createValidator } from "@bufbuild/protovalidate";
import type { FastifyInstance } from "fastify";
import { startBackground, type Rememberer } from "./assembly/background.ts";
import { ownStates, peerStates } from "./assembly/components.ts";
import { openData } from "./assembly/data.ts";
import { finishWritesLeftBehind } from "./assembly/finish-writes.ts";
import { createFirstStart } from "./assembly/first-start.ts";
import { assembleGateway } from "./assembly/gateway.ts";
import { brokenCertificateLog, callLog, faultLog } from "./assembly/log-lines.ts";
import { createModule } from "./assembly/modules.ts";
import { openPorts, type Ports } from "./assembly/ports.ts";
import { createServiceCalls } from "./assembly/service-calls.ts";
import { createServicePorts } from "./assembly/service-ports.ts";
import type { GatewayOptions } from "./gateway/gateway.ts";
import { runInBackground, type BackgroundWork } from "./host/background-work.ts";
import type { ServiceName } from "./host/call.ts";
import type { Config } from "./host/config.ts";
import type { TlsFiles } from "./host/dual-secure.ts";
import type { StopStep } from "./host/graceful.ts";
import { createHealthBoard } from "./host/health.ts";
import { portTaken } from "./host/listener.ts";
import type { Log } from "./host/log.ts";
import { createMetrics } from "./host/metrics.ts";
import { createGuardedFetch } from "./host/outbound/guarded-fetch.ts";
import type { Served } from "./host/processes/messages.ts";
import type { Primary } from "./host/processes/worker.ts";
import { loadServiceKeys, makeServiceKeys } from "./host/service-keys.ts";
import { createStatusListener } from "./host/service-listener.ts";
import type { ServiceModule } from "./host/service-module.ts";
import { createTenants, type Tenants } from "./host/tenants.ts";
import { ulid } from "./vault/random.ts";

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
  const serviceTls = listenerTls(config.serviceTls, brokenCertificateLog(log));
  const ports: Ports[] = modules.map((module) => {
    if (data === undefined) throw new Error(`${module.name} is served without a store`);
    const made = createServicePorts(module, {
      vault: data.vault,
      calls,
      publicKeys: keys.publicKeys,
      tenants: tenantsOf(module.name),
      validator,
      host: config.serviceHost,
      tls: serviceTls,
      health,
      metrics,
      fault,
      tell,
      report,
      onFault,
      clock,
      freeze,
    });
    rememberers.push(made.rememberer);
    return made.ports;
  });

  // With services elsewhere, which may not be there yet, it is left to the readers of the log.
  if (data !== undefined && config.peers.size === 0) await finishWritesLeftBehind(data.store.system(), modules);

  let gateway: FastifyInstance | undefined;
  let listening: string | undefined;
  if (config.services.includes("gateway")) {
    const assembled = assembleGateway({
      config,
      publicOrigin: () => origin,
      peers: calls.peersOf("gateway"),
      health,
      report,
      onFault,
      clock,
      log,
    });
    gateway = assembled.gateway;
    rememberers.push(...assembled.rememberers);
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
  const background = [
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
  ];
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
    else await firstStart();
  }
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

/** The certificate of the service ports, where they have one. */
const listenerTls = (
  { certFile, keyFile, caFile, mutual }: Config["serviceTls"],
  onBroken: NonNullable<TlsFiles["onBroken"]>,
): TlsFiles | undefined =>
  certFile === undefined || keyFile === undefined
    ? undefined
    : { certFile, keyFile, clientCaFile: mutual ? caFile : undefined, onBroken };

/** Listens, and answers the port. */
async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    const address = await app.listen({ host, port });
    return Number(new URL(address).port);
  } catch (error) {
    throw portTaken(error, host, port);
  }
}
