import type { ServiceName } from "../host/call.ts";
import { serviceNames } from "../host/call.ts";
import type { Config } from "../host/config.ts";
import type { Listener } from "../host/listener.ts";

/** The listeners of one part of the process: a service's two, or the gateway's own HTTP port, which is not the public one. */
export interface Ports {
  readonly name: ServiceName;
  readonly grpc?: Listener;
  readonly http: Listener;
}

/** `host:port` of every port that was opened, by service. */
export interface Addresses {
  readonly grpc: Readonly<Record<string, string>>;
  readonly http: Readonly<Record<string, string>>;
}

/** gRPC at base + 1 to 5, HTTP at base + 11 to 15 in the order of `serviceNames`; the gateway's own at base + 10. */
const offsetOf = (name: ServiceName): number => serviceNames.indexOf(name);

/** Opens the ports; with base 0, free ones. */
export async function openPorts(
  ports: readonly Ports[],
  { serviceHost: host, serviceBasePort: base }: Pick<Config, "serviceHost" | "serviceBasePort">,
): Promise<Addresses> {
  const at = (offset: number) => (base === 0 ? 0 : base + offset);
  const grpc: Record<string, string> = {};
  const http: Record<string, string> = {};
  for (const port of ports) {
    const offset = offsetOf(port.name);
    if (port.grpc !== undefined) grpc[port.name] = `${host}:${await port.grpc.listen(host, at(offset))}`;
    http[port.name] = `${host}:${await port.http.listen(host, at(10 + offset))}`;
  }
  return { grpc, http };
}
