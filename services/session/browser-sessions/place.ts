import { clientNetwork } from "../../host/client-network.ts";

/**
 * Where an address is, as far as a person is told and we keep it: its network, an IPv4 /24 or an IPv6 /48, which says which provider
 * or organisation, and not who. Empty for what is no address.
 */
export function placeOf(address: string): string {
  const network = clientNetwork(address);
  if (network === "unknown") return "";
  const [, prefix] = /^(\d+\.\d+\.\d+)\.\d+$/.exec(network) ?? [];
  return prefix === undefined ? `${network.split(":").slice(0, 3).join(":")}::/48` : `${prefix}.0/24`;
}
