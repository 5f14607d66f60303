import { isIP } from "node:net";
import { OutboundFailed } from "./outbound-failed.ts";
import { isPublicAddress } from "./public-address.ts";
import { askSystem, type ResolveHost } from "./resolve-host.ts";

/**
 * A host's addresses, asked for once; at least one, and public ones only unless the operator has exempted the host. An address in
 * its place is its own. `hostname` is as in a URL. Throws OutboundFailed.
 */
export async function allowedAddresses(
  hostname: string,
  {
    isExempt,
    resolve,
    signal,
  }: { readonly isExempt: boolean; readonly resolve: ResolveHost; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const addresses = await addressesOf(hostname, isExempt ? askSystem : resolve, signal);
  if (!isExempt && !addresses.every(isPublicAddress)) throw new OutboundFailed("address");
  return addresses;
}

async function addressesOf(hostname: string, resolve: ResolveHost, signal: AbortSignal): Promise<readonly string[]> {
  const literal = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(literal) !== 0) return [literal];
  const gaveUp = Promise.withResolvers<never>();
  const giveUp = (): void => gaveUp.reject(new OutboundFailed("timeout"));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const addresses = await Promise.race([resolve(hostname, signal), gaveUp.promise]);
    if (addresses.length === 0) throw new OutboundFailed(signal.aborted ? "timeout" : "address");
    return addresses;
  } catch (error) {
    throw error instanceof OutboundFailed ? error : new OutboundFailed("address", { cause: error });
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
