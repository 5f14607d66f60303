/** Loopback interfaces by name and address, as they stand in a URI. */
const loopback = /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Schemes that run or read something where they are opened, and are never a way back to an application. */
const dangerousSchemes = new Set(["javascript", "data", "vbscript", "file", "blob", "about", "ws", "wss", "ftp"]);

/** Parts of a URI as written (RFC 3986 appendix B), without the fragment, which no redirect URI has. */
const parts = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)(\?.*)?$/;

/**
 * Why a URI cannot be registered as a redirect URI, as what would be right; undefined when it can. Printable ASCII, no
 * fragment (RFC 6749 §3.1.2), no user info, no wildcard, no dot segment or backslash that a browser would rewrite;
 * https, or http on a loopback host, or for native clients a private-use scheme with a dot in it (RFC 8252 §7.1).
 */
export function redirectUriFault(uri: string, applicationType: string): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(uri)) return "must be printable ASCII without spaces";
  if (uri.includes("#")) return "must have no fragment";
  if (uri.includes("\\") || uri.includes("*")) return "must have no backslash and no wildcard";
  const match = parts.exec(uri);
  if (match === null || !URL.canParse(uri)) return "must be an absolute URI";
  const [, scheme = "", authority, path = ""] = match;
  if (scheme !== scheme.toLowerCase()) return "must have its scheme in lower case";
  if (dangerousSchemes.has(scheme)) return `must not have the scheme ${scheme}`;
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) return "must have no dot segments";
  if (scheme === "https" || scheme === "http") {
    if (authority === undefined || authority === "") return "must name a host";
    if (authority.includes("@")) return "must have no user info";
    const host = new URL(uri).hostname;
    if (scheme === "http" && !loopback.test(host)) return "must be https unless its host is loopback";
    return undefined;
  }
  if (applicationType !== "native") return "must be https, or http on loopback; other schemes are for native clients";
  if (!scheme.includes(".")) return "must have a private-use scheme with a dot, such as com.example.app";
  return undefined;
}

/** A loopback http redirect URI, split around the port that a native client may choose freely (RFC 8252 §7.3). */
const loopbackUri = /^(http:\/\/(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost))(?::(\d{1,5}))?((?:[/?].*)?)$/;

/**
 * Whether a redirect URI of a request is one of the registered ones: the same string, query included; for a native
 * client on loopback the port alone may differ. Nothing is decoded, normalised or matched in part (security A1).
 */
export function isRegisteredRedirectUri(
  client: { readonly redirectUris: readonly string[]; readonly applicationType: string },
  uri: string,
): boolean {
  if (client.redirectUris.includes(uri)) return true;
  if (client.applicationType !== "native") return false;
  const asked = loopbackUri.exec(uri);
  if (asked === null || Number(asked[2] ?? 80) > 65_535) return false;
  return client.redirectUris.some((registered) => {
    const known = loopbackUri.exec(registered);
    return known !== null && known[1] === asked[1] && known[3] === asked[3];
  });
}
