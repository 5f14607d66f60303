/** The cookies that we set. Over TLS they have the prefix that binds them to our host (RFC 6265bis §4.1.3). */
export interface CookieNames {
  /** The browser's own random token: pending sign-ins are bound to it. */
  readonly browser: string;
  /** The session's token. */
  readonly session: string;
}

/** The names for an origin. */
export const cookieNames = (isSecure: boolean): CookieNames =>
  isSecure
    ? { browser: "__Host-koder_browser", session: "__Host-koder_session" }
    : { browser: "koder_browser", session: "koder_session" };

/** A cookie's value out of the Cookie header; empty when it is not there once, in the form that we give it. */
export function readCookie(header: string | undefined, name: string): string {
  if (header === undefined) return "";
  const found = header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value = ""] = found;
  // Two of one name: a neighbour planted one, and which is ours cannot be told.
  return found.length === 1 && /^[A-Za-z0-9_-]{1,128}$/.test(value) ? value : "";
}

/** A Set-Cookie value: for our host alone, not for scripts, not sent with other sites' requests but for links (K11). */
export function writeCookie(name: string, value: string, isSecure: boolean, maxAge?: number): string {
  const age = maxAge === undefined ? "" : `; Max-Age=${maxAge}`;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}${age}`;
}
