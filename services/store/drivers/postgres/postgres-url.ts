import { readFileSync } from "node:fs";
import { checkServerIdentity, getCACertificates, type ConnectionOptions } from "node:tls";

/** How the database is reached. */
export interface PostgresSettings {
  /** A host name, an address, or the absolute path of the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  /** Undefined: PGPASSWORD, as libpq has it. */
  readonly password: string | undefined;
  readonly database: string | undefined;
  /** In this order until the server takes one: TLS with these options, or `false` for none. */
  readonly encryption: readonly (ConnectionOptions | false)[];
  /** Connections at most. */
  readonly poolSize: number;
  /** Milliseconds until a connection must be made. */
  readonly connectTimeout: number;
  readonly applicationName: string;
}

const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
const known = [
  "host",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "pool_size",
  "connect_timeout",
  "application_name",
];

/**
 * Reads `postgres://user:password@host:port/database?…`. Parameters mean what they mean to libpq: sslmode, sslrootcert
 * (a PEM file, or `system`), sslcert, sslkey, connect_timeout (seconds), application_name, host (for a Unix socket);
 * pool_size is ours. Where sslmode is verify-ca or verify-full and no sslrootcert is given, whom the system trusts is
 * trusted. Throws a sentence that never repeats the URL, which may hold a password.
 */
export function readPostgresUrl(text: string): PostgresSettings {
  if (!URL.canParse(text)) {
    throw new Error("it must be a URL such as postgres://user:password@host:5432/database; % : / ? # @ in it as %XX");
  }
  const url = new URL(text);
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name)) throw new Error(`the parameter ${name} is none of ${known.join(", ")}`);
    if (url.searchParams.getAll(name).length > 1) throw new Error(`the parameter ${name} is given twice`);
  }
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const host = parameter("host") ?? decoded(url.hostname).replace(/^\[(.*)\]$/, "$1");
  return {
    host: host === "" ? "localhost" : host,
    port: url.port === "" ? 5432 : Number(url.port),
    user: decoded(url.username) || undefined,
    password: decoded(url.password) || undefined,
    database: decoded(url.pathname.slice(1)) || undefined,
    encryption: readEncryption(parameter, host.startsWith("/")),
    poolSize: integer("pool_size", parameter("pool_size") ?? "10", 1, 1_000),
    connectTimeout: integer("connect_timeout", parameter("connect_timeout") ?? "5", 1, 300) * 1_000,
    applicationName: parameter("application_name") ?? "koder-id",
  };
}

/** https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
function readEncryption(
  parameter: (name: string) => string | undefined,
  isSocket: boolean,
): readonly (ConnectionOptions | false)[] {
  const given = parameter("sslmode") ?? "prefer";
  const mode = modes.find((one) => one === given);
  if (mode === undefined) throw new Error(`sslmode must be one of ${modes.join(", ")}`);
  const rootFile = parameter("sslrootcert");
  if (rootFile === "system" && mode !== "verify-full") throw new Error("sslrootcert=system wants sslmode=verify-full");
  // Unix sockets have no TLS, and stay on the machine.
  if (mode === "disable" || isSocket) return [false];
  const [certificate, key] = [parameter("sslcert"), parameter("sslkey")];
  if ((certificate === undefined) !== (key === undefined)) throw new Error("sslcert and sslkey must be given together");
  const own = {
    minVersion: "TLSv1.2" as const,
    ...(certificate === undefined ? {} : { cert: pem("sslcert", certificate) }),
    ...(key === undefined ? {} : { key: pem("sslkey", key) }),
  };
  const unchecked: ConnectionOptions = { ...own, rejectUnauthorized: false };
  if (mode === "allow") return [false, unchecked];
  if (mode === "prefer") return [unchecked, false];
  // As libpq does: require without a root certificate encrypts and checks nothing, with one it is verify-ca.
  if (mode === "require" && rootFile === undefined) return [unchecked];
  const ca =
    rootFile === undefined || rootFile === "system" ? getCACertificates("system") : pem("sslrootcert", rootFile);
  const checked: ConnectionOptions = { ...own, ca, rejectUnauthorized: true };
  return [{ ...checked, checkServerIdentity: mode === "verify-full" ? checkServerIdentity : () => undefined }];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error("a % in it must be written as %25");
  }
}

function pem(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(
      `the file of ${name} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? "unknown reason"}`,
      {
        cause,
      },
    );
  }
}

function integer(name: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < from || number > to) throw new Error(`${name} must be ${from} to ${to}`);
  return number;
}
