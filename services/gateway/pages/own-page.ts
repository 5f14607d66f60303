import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a form was sent from a page of the tenant's own origin (security A26): by Fetch Metadata where the browser sends
 * it, by Origin otherwise. A browser sends one of them with every form; what sends neither is no browser, and has no cookies
 * that a stranger could use.
 */
export function isFromOurPage(headers: IncomingHttpHeaders, canonicalOrigin: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin } = headers;
  return origin === undefined || origin === canonicalOrigin;
}
