/**
 * Reads the origin of a server, and gives it without a slash at the end. Throws an Error for what is more than an origin,
 * and for http to another machine unless that was asked for: a credential does not travel in the clear by mistake.
 */
export function parseOrigin(origin: string, plaintext = false): string {
  const address = URL.canParse(origin) ? new URL(origin) : null;
  if (address === null || (address.protocol !== "https:" && address.protocol !== "http:")) {
    throw new Error(`origin: ${shown(origin)} is not like https://id.example.com`);
  }
  const { protocol, host, hostname, username, password, pathname } = address;
  // The parser drops an empty query, fragment or password; the text still has its sign.
  if (username !== "" || password !== "" || /[?#@\\]/.test(origin) || pathname !== "/") {
    throw new Error(`origin: ${shown(origin)} must be scheme, host and port only`);
  }
  if (protocol === "http:" && !plaintext && !isLoopback(hostname)) {
    throw new Error(`origin: ${shown(origin)} would send credentials in the clear; use https, or the option plaintext`);
  }
  return `${protocol}//${host}`;
}

/** Like `parseOrigin`, but adds what is wrong to `faults`, beside what else is. */
export function readOrigin(origin: string, plaintext: boolean | undefined, faults: string[]): string {
  try {
    return parseOrigin(origin, plaintext);
  } catch (error) {
    faults.push((error as Error).message);
    return "";
  }
}

/** The text of an origin for a message: a password in it stays out of logs. */
const shown = (origin: string): string => (origin.includes("@") ? "…" : JSON.stringify(origin));

/** The parser has brought every spelling of an IPv4 address to four numbers, and of an IPv6 address to its shortest. */
function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  );
}
