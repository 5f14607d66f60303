import { isIP } from "node:net";

const [mostKnown, longestKnown] = [1_000, 64];
/** Networks by address: one request asks several times. What is longer than any address is looked at each time. */
const known = new Map<string, string>();

/**
 * What attempts of one address are counted under: an IPv4 address by itself, also in IPv6 form, and an IPv6 address with its
 * whole /64, which is what one subscriber has. `unknown` for what is no address.
 */
export function clientNetwork(address: string): string {
  const before = known.get(address);
  if (before !== undefined) return before;
  const network = networkOf(address);
  if (address.length > longestKnown) return network;
  if (known.size >= mostKnown) known.clear();
  known.set(address, network);
  return network;
}

function networkOf(address: string): string {
  const [plain = ""] = address.split("%"); // a zone is the machine's own affair
  switch (isIP(plain)) {
    case 4:
      return plain;
    case 6: {
      const groups = groupsOf(plain);
      const [high = 0, low = 0] = groups.slice(6);
      const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
      if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join(".");
      return `${groups
        .slice(0, 4)
        .map((group) => group.toString(16))
        .join(":")}::/64`;
    }
    default:
      return "unknown";
  }
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2). */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const [before, after] = [head, tail ?? ""].map((part) => part.split(":").flatMap(groupsOfPart)) as [
    number[],
    number[],
  ];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}

/** A group, or the two of a dotted IPv4 address at the end. */
function groupsOfPart(part: string): number[] {
  if (part === "") return [];
  if (!part.includes(".")) return [Number.parseInt(part, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
  return [(a << 8) | b, (c << 8) | d];
}
