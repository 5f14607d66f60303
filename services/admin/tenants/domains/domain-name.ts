import { isIP } from "node:net";
import { isAtOrBelow } from "../../../host/at-or-below.ts";

/** Host names of two labels and more, in lower case and ASCII: internationalized ones as punycode. */
const domainForm = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** What is wrong with a domain name; undefined where nothing is. */
export function domainFault(domain: string): string | undefined {
  if (domain.length > 253 || !domainForm.test(domain) || isIP(domain) !== 0) {
    return "must be a domain name in lower case and ASCII, of two labels or more, without a dot at its end";
  }
  return undefined;
}

/** What is wrong with a domain for a tenant to have its origin at: it must not be the instance's own, or lie below it. */
export function ownDomainFault(domain: string, publicOrigin: string): string | undefined {
  const own = new URL(publicOrigin).hostname;
  if (isAtOrBelow(domain, own)) return `must not be ${own}, or below it`;
  if (isAtOrBelow(domain, "localhost")) return "must not be this machine";
  return domainFault(domain);
}

/** Where the TXT record of a domain must be, and what it must say. */
export const proofOf = ({ domain, challenge }: { readonly domain: string; readonly challenge: string }) => ({
  name: `_koder-id.${domain}`,
  value: `koder-id=${challenge}`,
});
