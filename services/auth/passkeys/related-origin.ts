import { isIP } from "node:net";
import { isAtOrBelow } from "../../host/at-or-below.ts";

/**
 * What is wrong with a tenant's list of related origins; undefined for nothing. They are of pages under a name, by TLS, as WebAuthn
 * asks for them; where the tenant itself is served without it, which is in development, `localhost` will do.
 */
export function wrongRelatedOrigin(origins: readonly string[], canonicalOrigin: string): string | undefined {
  if (new Set(origins).size < origins.length) return "must name each origin once";
  const wrong = origins.find((origin) => !isRelated(origin, canonicalOrigin));
  return wrong === undefined ? undefined : `${wrong} is no origin of pages: https, a name, and at most a port`;
}

const name = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

function isRelated(origin: string, canonicalOrigin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, origin: written } = new URL(origin);
  if (written !== origin || !name.test(hostname) || isIP(hostname) !== 0) return false;
  const isLocal = isAtOrBelow(hostname, "localhost");
  return protocol === "https:" || (protocol === "http:" && isLocal && canonicalOrigin.startsWith("http:"));
}
