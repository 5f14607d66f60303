/** The cookies that we set. Over TLS they have the prefix that binds them to our host (RFC 6265bis §4.1.3). */
export interface CookieNames {
  /** The browser's own random token: pending sign-ins are bound to it. */
  readonly browser: string;
  /** The tokens of the browser's sessions: only the session service takes them apart. */
  readonly session: string;
}

/** The names for an origin. */
export const cookieNames = (isSecure: boolean): CookieNames =>
  isSecure
    ? { browser: "__Host-koder_browser", session: "__Host-koder_session" }
    : { browser: "koder_browser", session: "koder_session" };

/** The browser's own token out of the Cookie header; empty when it is not there once, in the form that we give it. */
export const readBrowserToken = (header: string | undefined, { browser }: CookieNames): string =>
  readCookie(header, browser, /^[A-Za-z0-9_-]{22,128}$/);

/** The session cookie's value out of the Cookie header; empty when it is not there once, in the form that we give it. */
export const readSessionToken = (header: string | undefined, { session }: CookieNames): string =>
  readCookie(header, session, /^[A-Za-z0-9_.-]{1,256}$/);

function readCookie(header: string | undefined, name: string, form: RegExp): string {
  if (header === undefined) return "";
  const found = header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value = ""] = found;
  // Two of one name: a neighbour planted one, and which is ours cannot be told.
  return found.length === 1 && form.test(value) ? value : "";
}

/** A Set-Cookie value: for our host alone, not for scripts, not sent with other sites' requests but for links. */
export function writeCookie(name: string, value: string, isSecure: boolean, maxAge?: number): string {
  const age = maxAge === undefined ? "" : `; Max-Age=${maxAge}`;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}${age}`;
}

/** Has the browser forget a cookie; answers the reply. */
export function forgetCookie<Reply extends { header: (name: string, value: string) => unknown }>(
  reply: Reply,
  name: string,
  isSecure: boolean,
): Reply {
  reply.header("set-cookie", writeCookie(name, "", isSecure, 0));
  return reply;
}
