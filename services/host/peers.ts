import { createClient, type Client, type Transport } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceName } from "./call.ts";

/** Typed clients of the other services, in this process or behind an address: the caller cannot tell. */
export interface Peers {
  /** A client whose calls take `forward(call)` as their options; a call without is refused before it leaves. */
  client<S extends DescService>(service: S): Client<S>;
}

/** The service that hosts a proto service: the second part of its package, `koder.<service>.v1`. */
export function hostOf(service: DescService): ServiceName {
  const name = service.typeName.split(".")[1];
  switch (name) {
    case "identity":
    case "auth":
    case "oauth":
    case "session":
    case "admin":
      return name;
    default:
      throw new RangeError(`${service.typeName} belongs to no service of this system`);
  }
}

/** Peers over one transport for each service. Clients are made once. */
export function createPeers(transportTo: (service: ServiceName) => Transport): Peers {
  const clients = new Map<DescService, unknown>();
  return {
    client<S extends DescService>(service: S): Client<S> {
      let client = clients.get(service) as Client<S> | undefined;
      if (client === undefined) clients.set(service, (client = createClient(service, transportTo(hostOf(service)))));
      return client;
    },
  };
}
