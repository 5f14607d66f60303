import { BlockList, isIP } from "node:net";

/**
 * IPv4 blocks that lead to nobody's public server: IANA's special-purpose registry (RFC 6890), multicast, and the address by
 * which machines in Azure reach their host.
 */
const specialV4: readonly (readonly [network: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** What of IPv6 is given to networks: the rest, with all that maps or translates to IPv4, is refused by not being in it. */
const globalV6 = ["2000::", 3] as const;

/** Blocks within it that are not: protocol assignments with Teredo, documentation, 6to4, AS112. */
const specialV6: readonly (readonly [network: string, prefix: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
];

const refusedV4 = new BlockList();
for (const [network, prefix] of specialV4) refusedV4.addSubnet(network, prefix, "ipv4");
const allowedV6 = new BlockList();
allowedV6.addSubnet(...globalV6, "ipv6");
const refusedV6 = new BlockList();
for (const [network, prefix] of specialV6) refusedV6.addSubnet(network, prefix, "ipv6");

/** Whether an address, as a resolver writes it, is one of the public internet (security A17). */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !refusedV4.check(address, "ipv4");
    case 6:
      return allowedV6.check(address, "ipv6") && !refusedV6.check(address, "ipv6");
    default:
      return false;
  }
}
