import { isIP, type LookupFunction } from "node:net";
import { OutboundFailed } from "./outbound-failed.ts";

/** A look-up that answers what was resolved and checked before: a name cannot lead elsewhere in between (DNS rebinding). */
export function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, { all: wantsAll }, callback) => {
    const [first] = all;
    if (first === undefined) callback(new OutboundFailed("address"), "");
    else if (wantsAll === true) callback(null, all);
    else callback(null, first.address, first.family);
  };
}
