import { BlockList, isIP } from "node:net";

/**
 * Reads the client's address: the peer's own, or, where the peer is a trusted proxy, the last address of X-Forwarded-For
 * that is not one itself. What others put there is not believed.
 */
export function remoteAddressReader(trusted: readonly string[]) {
  const list = new BlockList();
  for (const entry of trusted) {
    const [address = "", prefix] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  const isTrusted = (address: string): boolean =>
    trusted.length > 0 && isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

  return (peer: string | undefined, forwardedFor: string | undefined): string => {
    let address = plain(peer ?? "");
    const hops = (forwardedFor ?? "").split(",").map((hop) => plain(withoutPort(hop.trim())));
    while (isTrusted(address)) {
      const before = hops.pop();
      if (before === undefined || isIP(before) === 0) break;
      address = before;
    }
    return address;
  };
}

/** As some proxies write them: an address with a port, and IPv6 in brackets. */
const withoutPort = (hop: string): string =>
  hop.replace(/^(?:([\d.]+):\d{1,5}|\[([\da-f:.]+)\](?::\d{1,5})?)$/i, "$1$2");

/** IPv4 in IPv6 clothes is IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");
