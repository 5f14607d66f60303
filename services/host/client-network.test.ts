import fc from "fast-check";
import { expect, test } from "vitest";
import { clientNetwork } from "./client-network.ts";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::ffff:c000:201", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
  ["", "unknown"],
  ["192.0.2.1, 10.0.0.1", "unknown"],
  ["somebody", "unknown"],
])("%j counts as %s", (address, network) => {
  expect(clientNetwork(address)).toBe(network);
});

test("one /64 is one network, however its addresses are written, and another /64 is another", () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
      const prefix = (address: string) => BigInt(`0x${expand(address).slice(0, 16)}`);
      const isMapped = [one, other].some((address) => /^0{20}ffff/.test(expand(address)));
      fc.pre(!isMapped);
      expect(clientNetwork(one) === clientNetwork(other)).toBe(prefix(one) === prefix(other));
      expect(clientNetwork(expand(one).replaceAll(/(.{4})(?=.)/g, "$1:"))).toBe(clientNetwork(one));
    }),
    { numRuns: 500 },
  );
});

/** The 32 hex digits of an address, by the URL parser's compression turned around. */
function expand(address: string): string {
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const [before, after] = [head, tail ?? ""].map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - (before?.length ?? 0) - (after?.length ?? 0) }, () => "0");
  return [...(before ?? []), ...zeros, ...(after ?? [])].map((group) => group.padStart(4, "0")).join("");
}
