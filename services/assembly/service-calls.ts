import type { Transport } from "@connectrpc/connect";
import type { ServiceName } from "../host/call.ts";
import type { Config } from "../host/config.ts";
import type { Fault } from "../host/interceptors/error-mapping.ts";
import { createPeers, type Peers } from "../host/peers.ts";
import type { ServiceKeys } from "../host/service-keys.ts";
import { createPeerTransport } from "../host/transport/peer-transport.ts";
import { createRemoteTransport, type RemoteTransport } from "../host/transport/remote-transport.ts";
import { createServiceTokenIssuer } from "../vault/service-token.ts";

/** How the services of this process reach all services. */
export interface ServiceCalls {
  /** The clients that a service of this process has of the others. */
  readonly peersOf: (caller: ServiceName) => Peers;
  /** Says that a service is reached in this process. */
  readonly serveHere: (service: ServiceName, transport: Transport) => void;
  /** A service's transport without anybody's service token, for what needs none. */
  readonly transportTo: (service: ServiceName) => Transport;
  /** Closes the connections to other processes. */
  readonly close: () => void;
}

/** Calls between services: in this process where the callee is here, else to its addresses. The caller cannot tell. */
export function createServiceCalls({
  config: { services, peers, serviceTls },
  keys,
  report,
  clock,
}: {
  readonly config: Pick<Config, "services" | "peers" | "serviceTls">;
  readonly keys: ServiceKeys;
  /** Told of peers that are away. */
  readonly report: (fault: Fault) => void;
  readonly clock: () => number;
}): ServiceCalls {
  const local = new Map<ServiceName, Transport>();
  const remote = new Map<ServiceName, RemoteTransport>(
    Array.from(peers, ([name, addresses]) => [
      name,
      createRemoteTransport({ addresses, tls: serviceTls, report, clock }),
    ]),
  );
  function transportTo(service: ServiceName): Transport {
    const transport = local.get(service) ?? remote.get(service);
    if (transport === undefined) throw new Error(`the service ${service} is neither here nor among the peers`);
    return transport;
  }
  const made = new Map<ServiceName, Peers>();
  return {
    transportTo,
    serveHere: (service, transport) => void local.set(service, transport),
    peersOf(caller) {
      const known = made.get(caller);
      if (known !== undefined) return known;
      const privateKey = keys.privateKeys.get(caller);
      if (privateKey === undefined || !services.includes(caller)) throw new Error(`the service ${caller} is not here`);
      const serviceToken = createServiceTokenIssuer({ service: caller, privateKey, clock });
      const peersOfCaller = createPeers((audience) =>
        createPeerTransport({ transport: transportTo(audience), audience, serviceToken, clock }),
      );
      made.set(caller, peersOfCaller);
      return peersOfCaller;
    },
    close() {
      for (const transport of remote.values()) transport.close();
    },
  };
}
