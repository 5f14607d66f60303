import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { followPair, secureOptions, type BrokenCertificate, type FollowedPair, type Pair } from "./certificate-pair.ts";

/** Certificates by the names that clients ask for (RFC 6066 §3). */
export interface CertificateFolder {
  /** Undefined where the folder has none for it. */
  readonly contextFor: (serverName: string) => Promise<SecureContext | undefined>;
}

/** How many are kept in memory: a context takes some ten kilobytes, and a folder may have any number of them. */
const mostKept = 1_000;
/** The files of a domain, as Kubernetes calls those of a TLS secret. */
const names = { certFile: "tls.crt", keyFile: "tls.key" } as const;

/**
 * `<folder>/<domain>/tls.crt` and `tls.key`, and `<folder>/_.<domain>/…` for the names one label below the domain. A folder is
 * looked at when somebody first asks for its name: neither the start nor the memory grows with the number of domains.
 */
export function createCertificateFolder(
  folder: string,
  { onBroken, clock }: { readonly onBroken: (broken: BrokenCertificate) => void; readonly clock: () => number },
): CertificateFolder {
  const pairs = new Map<string, FollowedPair<SecureContext>>();

  /** What a folder has for a name. Of one that has nothing, nothing is kept: anybody may ask for any name. */
  async function contextOf(of: string, name: string): Promise<SecureContext | undefined> {
    const files = { certFile: join(folder, of, names.certFile), keyFile: join(folder, of, names.keyFile) };
    const make = (pair: Pair) => createSecureContext({ ...pair, ...secureOptions });
    const pair = pairs.get(of) ?? followPair(files, { name, make, onBroken, clock });
    const context = await pair.current();
    pairs.delete(of);
    if (!pair.isThere()) return undefined;
    pairs.set(of, pair);
    if (pairs.size > mostKept) {
      const [oldest] = pairs.keys();
      if (oldest !== undefined) pairs.delete(oldest);
    }
    return context;
  }

  return {
    contextFor: async (serverName) => {
      const domain = serverName.toLowerCase();
      if (!isHostName(domain)) return undefined;
      const own = await contextOf(domain, domain);
      const above = domain.slice(domain.indexOf(".") + 1);
      return own ?? (above === domain ? undefined : contextOf(`_.${above}`, domain));
    },
  };
}

/** What may become part of a path: labels of letters, digits and hyphens, and nothing that leads anywhere else. */
const isHostName = (name: string): boolean =>
  name.length <= 253 &&
  name.split(".").every((label) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(label) && !label.endsWith("-"));
