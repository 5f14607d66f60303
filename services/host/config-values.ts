import { isIP } from "node:net";
import { serviceNames, type ServiceName } from "./call.ts";
import { hasOtherLetters } from "./email-address.ts";
import { readDuration } from "./read-duration.ts";

// How the values of settings are read. Each throws a sentence about a value that is wrong, without the value in it.

/** So many requests in a window of so many milliseconds. */
export interface RateLimit {
  readonly quota: number;
  readonly window: number;
}

/** A mail server. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte on. */
  readonly isTls: boolean;
  /** Nothing is sent without TLS. */
  readonly needsTls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

export const oneOf =
  <Value extends string>(...values: readonly Value[]) =>
  (given: string): Value => {
    const found = values.find((value) => value === given);
    if (found === undefined) throw new Error(`must be one of ${values.join(", ")}`);
    return found;
  };

/** Spaces alone are a template that filled in nothing: a folder would be made of that name. */
export function text(value: string): string {
  if (value.trim() === "") throw new Error("must not be blank");
  return value;
}

/** No machine that one would run this on has more cores to share among them. */
const mostProcesses = 64;

export function port(value: string): number {
  const number = Number(value);
  if (!/^\d{1,5}$/.test(value) || number > 65_535) throw new Error("must be a port, 0 to 65535");
  return number;
}

export const between =
  (shortest: string, longest: string) =>
  (value: string): number => {
    const read = readDuration(value);
    if (read === undefined || read < (readDuration(shortest) ?? 0) || read > (readDuration(longest) ?? 0)) {
      throw new Error(`must be a length of time from ${shortest} to ${longest}, such as 90d, 12h, 5m or 30s`);
    }
    return read;
  };

export function hostAndPort(value: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(value);
  if (match === null) throw new Error("must be host:port, such as 127.0.0.1:8080 or [::1]:8080");
  return { host: match[1] ?? match[2] ?? "", port: port(match[3] ?? "") };
}

export function origin(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:") || url.username !== "") {
    throw new Error("must be an http or https URL");
  }
  if (`${url.origin}/` !== url.href) throw new Error("must be an origin, without path, query or fragment");
  return url.origin;
}

export function storeUrl(value: string): string {
  if (value === "memory:" || /^(?:sqlite:|postgres(?:ql)?:\/\/).+/.test(value)) return value;
  throw new Error("must be sqlite:<path>, postgres://… or memory:");
}

export function services(value: string): readonly ServiceName[] {
  const named = value === "all" ? serviceNames : value.split(",").map((name) => serviceName(name.trim()));
  if (new Set(named).size !== named.length) throw new Error("must name each service once");
  return named;
}

function serviceName(name: string): ServiceName {
  const found = serviceNames.find((one) => one === name);
  if (found === undefined) throw new Error(`must be all, or some of ${serviceNames.join(", ")}, by commas`);
  return found;
}

export function numberOfProcesses(value: string): number {
  const number = Number(value);
  if (!/^\d{1,2}$/.test(value) || number < 1 || number > mostProcesses) {
    throw new Error(`must be a number of processes, 1 to ${mostProcesses}`);
  }
  return number;
}

/** `<service>=<origin>,…`; a service may be named several times. */
export function peers(value: string): ReadonlyMap<ServiceName, readonly string[]> {
  const read = new Map<ServiceName, readonly string[]>();
  for (const one of value.split(",")) {
    const [name = "", address = ""] = one.trim().split(/=(.*)/s);
    const found = serviceNames.find((service) => service === name && service !== "gateway");
    if (found === undefined)
      throw new Error("must be <service>=<origin> by commas, such as oauth=https://10.0.0.3:4003");
    read.set(found, [...(read.get(found) ?? []), origin(address)]);
  }
  return read;
}

export function proxies(value: string): readonly string[] {
  const listed = value.split(",").map((one) => one.trim());
  for (const one of listed) {
    const [address = "", prefix] = one.split("/");
    const bits = isIP(address) === 4 ? 32 : 128;
    if (isIP(address) === 0 || (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))) {
      throw new Error("must be addresses or prefixes separated by commas, such as 10.0.0.0/8");
    }
  }
  return listed;
}

export const loopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** `smtp://…` or `smtps://…`, with user and password where the server wants them. */
export function smtpServer(value: string): SmtpServer {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isTls = url?.protocol === "smtps:";
  if (url === undefined || (url.protocol !== "smtp:" && !isTls) || url.hostname === "") {
    throw new Error("must be smtp://<host> or smtps://<host>, with port, user and password where they are needed");
  }
  const tls = url.searchParams.get("tls");
  url.searchParams.delete("tls");
  if ((url.pathname !== "" && url.pathname !== "/") || url.search !== "" || url.hash !== "") {
    throw new Error("must have no path and no parameter but tls");
  }
  if (tls !== null && (tls !== "optional" || isTls))
    throw new Error("may have tls=optional with smtp://, nothing else");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    host,
    port: url.port === "" ? (isTls ? 465 : 587) : Number(url.port),
    isTls,
    needsTls: !isTls && tls === null && !loopback.test(url.hostname),
    user: url.username === "" ? undefined : decoded(url.username),
    password: url.password === "" ? undefined : decoded(url.password),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error("must have user and password percent-encoded: a % in them is %25");
  }
}

/** `<number>/<time>`; undefined for `off`. */
export function rateLimit(value: string): { readonly limit: RateLimit | undefined } {
  if (value === "off") return { limit: undefined };
  const [number = "", time = "", more] = value.split("/");
  const [quota, window] = [Number(number), readDuration(time)];
  if (
    more !== undefined ||
    !/^[1-9]\d{0,8}$/.test(number) ||
    window === undefined ||
    window < 1_000 ||
    window > 86_400_000
  ) {
    throw new Error("must be a number of requests and a time from 1s to 1d, such as 600/1m, or off");
  }
  return { limit: { quota, window } };
}

/** An address, or a name and an address. */
export function sender(value: string): string {
  if (!/^(?:[^<>"\r\n]*<[^\s<>@"]+@[^\s<>@"]+>|[^\s<>@"]+@[^\s<>@"]+)$/.test(value)) {
    throw new Error("must be an address, or a name and an address in angle brackets");
  }
  if (hasOtherLetters(/<([^<>]+)>$/.exec(value)?.[1] ?? value)) {
    throw new Error("must be ASCII before the @: not every server takes other addresses");
  }
  return value;
}

/** A URL that only TLS reaches, without anything that would stand in logs. */
export function httpsUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "" || url.hash !== "") {
    throw new Error("must be an https URL without user, password and fragment");
  }
  return url.href;
}

/** A secret that nobody guesses. */
export function longSecret(value: string): string {
  if (value.length < 32) throw new Error("must have at least 32 characters, such as `openssl rand -hex 32` prints");
  return value;
}
