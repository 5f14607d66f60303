import { mkdtempSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceNames, type ServiceName } from "../../services/host/call.ts";
import { createServiceKeys } from "../../services/host/service-keys.ts";
import { startBalancer } from "./balancer.ts";
import { freePorts } from "./free-port.ts";
import { firstCredential, startServer, type RunningServer } from "./server.ts";

/** A gateway and the five services in processes of their own, of each as many as asked for, behind one origin. */
export interface SplitServer extends RunningServer {
  /** Every process, by its service. */
  readonly processes: ReadonlyMap<ServiceName, readonly RunningServer[]>;
  /** Folder of the keys by which the services prove themselves. */
  readonly serviceKeys: string;
  /** Starts the first process of a service again, at its place. It must have ended. */
  restart(name: ServiceName): Promise<void>;
}

export interface SplitServerOptions {
  /** How many of each; with 2 the store must be one that processes of several machines can share. */
  readonly replicas?: number;
  /** Settings of all of them beyond those that a test needs. With a certificate of the services, peers are https. */
  readonly env?: Readonly<Record<string, string>>;
  /** As of `startServer`. */
  readonly program?: string | undefined;
  /** Where a service finds a peer, if not at the peer's own address. */
  readonly via?: (caller: ServiceName, callee: ServiceName, address: string) => string;
}

/** Starts the split shape. */
export async function startSplitServer({
  replicas = 1,
  env = {},
  program,
  via = (_caller, _callee, address) => address,
}: SplitServerOptions = {}): Promise<SplitServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-split-"));
  const keys = join(dataDir, "service-keys");
  await createServiceKeys(keys, serviceNames);
  const balancer = await startBalancer();
  const processes = new Map<ServiceName, RunningServer[]>();
  async function stop(): Promise<void> {
    const running = serviceNames.flatMap((name) => processes.get(name) ?? []);
    await Promise.all(running.map((one) => one.stop()));
    await balancer.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
  const scheme = env["KODER_ID_SERVICE_TLS_CERT"] === undefined ? "http" : "https";
  // Each service's gRPC port, with its HTTP port ten above it.
  const places = await freePorts(replicas * (serviceNames.length - 1), 10);
  const peers = serviceNames
    .filter((name) => name !== "gateway")
    .flatMap((name, index) => places.slice(index * replicas, (index + 1) * replicas).map((port) => ({ name, port })));

  async function start(name: ServiceName, replica: number): Promise<RunningServer> {
    const own = peers.filter((peer) => peer.name === name)[replica];
    return startServer({
      dataDir,
      ...(program === undefined ? {} : { program }),
      env: {
        KODER_ID_PUBLIC_URL: balancer.origin,
        KODER_ID_SERVICES: name,
        KODER_ID_SERVICE_KEYS: keys,
        KODER_ID_PEERS: peers
          .filter((peer) => peer.name !== name)
          .map((peer) => `${peer.name}=${via(name, peer.name, `${scheme}://127.0.0.1:${peer.port}`)}`)
          .join(","),
        // The base is so that the service's gRPC port is its place.
        KODER_ID_SERVICE_BASE_PORT: own === undefined ? "0" : `${own.port - serviceNames.indexOf(name)}`,
        ...env,
      },
    });
  }
  try {
    const wanted = serviceNames.flatMap((name) =>
      Array.from({ length: replicas }, (_, replica) => [name, replica] as const),
    );
    // All of them, so that none is left behind when another one does not start.
    const starts = await Promise.allSettled(wanted.map(([name, replica]) => start(name, replica)));
    for (const [index, started] of starts.entries()) {
      const [name] = wanted[index] ?? ["gateway"];
      if (started.status === "fulfilled") processes.set(name, [...(processes.get(name) ?? []), started.value]);
    }
    const failed = starts.find((started) => started.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const [admin] = processes.get("admin") ?? [];
    const gateways = processes.get("gateway") ?? [];
    balancer.use(gateways.map(({ listening }) => listening));
    if (admin === undefined) throw new Error("no admin service");
    await claimed(processes.get("admin") ?? []);
    return {
      ...admin,
      adminApiKey: firstCredential(dataDir, "admin-api-key"),
      adminPassword: firstCredential(dataDir, "admin-password"),
      url: balancer.origin,
      dataDir,
      processes,
      serviceKeys: keys,
      async restart(name) {
        const [, ...others] = processes.get(name) ?? [];
        const server = await start(name, 0);
        processes.set(name, [server, ...others]);
        if (name === "gateway") balancer.use([server, ...others].map(({ listening }) => listening));
      },
      grpc: merged("grpc"),
      http: merged("http"),
      logs: () => serviceNames.flatMap((name) => (processes.get(name) ?? []).flatMap((one) => one.logs())),
      end: async (signal) => {
        const codes = await Promise.all([...processes.values()].flat().map((one) => one.end(signal)));
        return codes.every((code) => code === 0) ? 0 : null;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }

  function merged(kind: "grpc" | "http"): RunningServer["grpc"] {
    return Object.assign({}, ...[...processes.values()].flat().map((one) => one[kind])) as RunningServer["grpc"];
  }
}

/** Waits until one of them has made the owner: services that are not there yet are waited for after the start. */
async function claimed(admins: readonly RunningServer[]): Promise<void> {
  const patience = Date.now() + 30_000;
  const done = () => admins.some((admin) => admin.logs().some((line) => line.includes("the owner admin was created")));
  while (!done()) {
    if (Date.now() > patience)
      throw new Error(`nobody made the owner:\n${admins.flatMap((one) => one.logs()).join("\n")}`);
    await pause(20);
  }
}
