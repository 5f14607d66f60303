import { connect, type Socket } from "node:net";
import { allowedAddresses } from "./allowed-addresses.ts";
import { createExemptions, type Exempt, type OutboundExemption } from "./exemptions.ts";
import { OutboundFailed } from "./outbound-failed.ts";
import { pinnedLookup } from "./pinned-lookup.ts";
import { askNameServers, type ResolveHost } from "./resolve-host.ts";

/** A host's name, and a port. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A connection that is open; nothing was said on it. */
export interface GuardedConnection {
  readonly socket: Socket;
  /** Who vouches for the host's certificate, PEM; undefined: whom the system trusts. */
  readonly ca: string | undefined;
}

/**
 * The only way by which a connection, other than the requests of the guarded fetch, leaves for a host that somebody else named
 * (security A17): to some ports of public addresses, or to a place that the operator exempted.
 */
export interface GuardedConnect {
  /** Whether the port is open to it, or the place exempt. What the name leads to is looked at when it is connected. */
  mayReach(place: Place): boolean;
  /** Connects to an address that was looked at, and none other. The signal ends what the socket does, too. Throws OutboundFailed. */
  open(place: Place, signal: AbortSignal): Promise<GuardedConnection>;
}

/** Makes it for these ports; `exempt` are the operator's exemptions, never a tenant's. `resolve` is the network's part. */
export function createGuardedConnect({
  exempt,
  ports,
  resolve = askNameServers,
}: {
  readonly exempt: readonly OutboundExemption[];
  readonly ports: readonly number[];
  readonly resolve?: ResolveHost;
}): GuardedConnect {
  const exemptionAt = createExemptions(exempt);
  const exemptionOf = (place: Place): Exempt | undefined => exemptionAt(urlOf(place));
  const mayReach = (place: Place): boolean => ports.includes(place.port) || exemptionOf(place) !== undefined;
  return {
    mayReach,
    async open(place, signal) {
      if (!mayReach(place)) throw new OutboundFailed("port");
      const exemption = exemptionOf(place);
      const isExempt = exemption !== undefined;
      const addresses = await allowedAddresses(urlOf(place).hostname, { isExempt, resolve, signal });
      return { socket: await connected(place, addresses, signal), ca: exemption?.ca };
    },
  };
}

const urlOf = ({ host, port }: Place): URL => {
  const url = `https://${host}:${port}`;
  if (!URL.canParse(url)) throw new OutboundFailed("address");
  return new URL(url);
};

function connected({ host, port }: Place, addresses: readonly string[], signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host, port, lookup: pinnedLookup(addresses), autoSelectFamily: true, signal });
  socket.once("connect", () => resolve(socket));
  socket.on("error", failed); // stays: whoever has the socket may not listen yet
  return promise;

  function failed(cause: Error): void {
    reject(new OutboundFailed(signal.aborted ? "timeout" : "connection", { cause }));
  }
}
