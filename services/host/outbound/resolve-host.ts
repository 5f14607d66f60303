import { lookup, Resolver } from "node:dns/promises";

/** Every address of a host name; empty when it has none. Gives up when the signal says so. */
export type ResolveHost = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

/**
 * Asks the name servers, for IPv4 and IPv6 at once. Not `dns.lookup`: that waits in the thread pool, where name servers of a
 * stranger's choosing that never answer would hold up the connections to our own database.
 */
export const askNameServers: ResolveHost = async (hostname, signal) => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const cancel = (): void => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  } finally {
    signal.removeEventListener("abort", cancel);
  }
};

/** As this machine resolves names, its hosts file included: for hosts that the operator named. */
export const askSystem: ResolveHost = async (hostname) => {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address }) => address);
};
