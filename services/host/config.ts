import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ServiceName } from "./call.ts";
import { configFaults, isLoopback } from "./config-faults.ts";
import {
  between,
  hostAndPort,
  numberOfProcesses,
  oneOf,
  origin,
  peers,
  port,
  proxies,
  rateLimit,
  httpsUrl,
  longSecret,
  sender,
  services,
  smtpServer,
  storeUrl,
  text,
  type RateLimit,
  type SmtpServer,
} from "./config-values.ts";
import type { LogLevel } from "./log.ts";
import { nearestName } from "./nearest-name.ts";
import { readExemptions, type OutboundExemption } from "./outbound/exemptions.ts";

/** What every process is told; see docs/configuration.md. */
export interface Config {
  readonly mode: "development" | "production";
  readonly listen: { readonly host: string; readonly port: number };
  /** Origin of the default tenant; undefined: `http://localhost` with the port that the gateway listens on. */
  readonly publicOrigin: string | undefined;
  /** What this process serves: some of the services and the gateway, or all of them. */
  readonly services: readonly ServiceName[];
  /** How many processes of this machine share the ports. */
  readonly processes: number;
  /** Where the services are that this process does not serve: one or more addresses each. */
  readonly peers: ReadonlyMap<ServiceName, readonly string[]>;
  /** Folder of the keys by which services prove themselves to one another; undefined: made at the start, for one process. */
  readonly serviceKeys: string | undefined;
  /** TLS of the services' own ports, and of their calls to peers. */
  readonly serviceTls: ServiceTls;
  /** `memory:`, `sqlite:<path>` or `postgres://…`. */
  readonly store: string;
  readonly data: string;
  readonly serviceHost: string;
  /** gRPC is at base + 1…5, HTTP at base + 11…15; 0: free ports. */
  readonly serviceBasePort: number;
  readonly tls:
    | { readonly certFile: string; readonly keyFile: string; readonly folder: string | undefined }
    | undefined;
  /** Addresses and prefixes whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Hosts that requests to clients' URLs may go to though they are not public. */
  readonly outboundExempt: readonly OutboundExemption[];
  readonly masterKeyFile: string;
  /** File of the keys that are mixed into passwords; undefined for none. */
  readonly passwordPepperFile: string | undefined;
  readonly bootstrapToken: string | undefined;
  readonly adminEmail: string;
  readonly adminPassword: string | undefined;
  /** How long a key signs tokens until another takes its place, in milliseconds. */
  readonly signingKeyLifetime: number;
  /** How long relying parties may keep the key set, in milliseconds. */
  readonly keySetMaxAge: number;
  readonly mail: MailConfig;
  /** Who brings messages to telephones; undefined: in development they are shown, in production there are none. */
  readonly sms: { readonly url: string; readonly secret: string } | undefined;
  /** How many requests one address may send to the gateway; undefined for any number. */
  readonly rateLimits: { readonly signIn: RateLimit | undefined; readonly requests: RateLimit | undefined };
  /** How long a tenant that was deleted can be resumed, in milliseconds. */
  readonly tenantGrace: number;
  readonly logLevel: LogLevel;
}

/** How mails are sent. */
export interface MailConfig {
  /** Undefined: in development they are shown, in production nobody gets any. */
  readonly smtp: SmtpServer | undefined;
  /** Who they are from: an address, or a name and an address. */
  readonly from: string;
}

/** TLS between services. PEM files. */
export interface ServiceTls {
  /** The certificate of this process, shown on its ports and, where peers ask for it, to them. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Who vouches for peers; undefined: whom the system trusts. */
  readonly caFile: string | undefined;
  /** Callers must show a certificate that the same authority vouches for. */
  readonly mutual: boolean;
}

/** A setting: what it means, what it is when it is not set, and how it is read. `read` throws a sentence about what is wrong. */
interface Setting<Value> {
  readonly meaning: string;
  /** As it would be set; empty where there is none. */
  readonly fallback: string;
  readonly read: (text: string) => Value;
}

/** One that has a value also where it is not set. */
const setting = <Value>(meaning: string, fallback: string, read: (text: string) => Value): Setting<Value> => ({
  meaning,
  fallback,
  read,
});

/** One that may be left out: undefined then. */
const optional = <Value>(meaning: string, read: (text: string) => Value): Setting<Value | undefined> => ({
  meaning,
  fallback: "",
  read: (given) => (given === "" ? undefined : read(given)),
});

/** Every setting. */
export const settings = {
  KODER_ID_MODE: optional(
    "`development` or `production`; `development` is the default, and allowed, only while the public URL is loopback",
    oneOf("development", "production"),
  ),
  KODER_ID_LISTEN: setting("Address and port of the gateway", "127.0.0.1:8080", hostAndPort),
  KODER_ID_PUBLIC_URL: optional(
    "Origin that people and applications use; default: `http://localhost` and the port",
    origin,
  ),
  KODER_ID_STORE: optional(
    "`sqlite:<path>`, `postgres://<user>:<password>@<host>/<database>?sslmode=verify-full`, or `memory:`; default: `sqlite:` and `koder-id.db` in the data folder",
    storeUrl,
  ),
  KODER_ID_DATA: setting("Folder for the database, the master key and the first credentials", "./data", text),
  KODER_ID_SERVICES: setting(
    "What this process serves: `all`, or some of gateway, identity, auth, oauth, session, admin, by commas; `koder-id serve <service…>` sets it",
    "all",
    services,
  ),
  KODER_ID_PROCESSES: setting(
    "How many processes share the ports of this machine, for machines with more cores; not with `memory:`",
    "1",
    numberOfProcesses,
  ),
  KODER_ID_PEERS: optional(
    "Where the other services are: `identity=https://10.0.0.1:4001,auth=…`, gRPC ports; a service with replicas is named once for each",
    peers,
  ),
  KODER_ID_SERVICE_KEYS: optional(
    "Folder of the keys by which services prove themselves, made by `koder-id service-keys create`; needed unless all services are in this process",
    text,
  ),
  KODER_ID_SERVICE_TLS_CERT: optional(
    "PEM file of the certificate of the services' own ports, shown to peers as well; needs KODER_ID_SERVICE_TLS_KEY",
    text,
  ),
  KODER_ID_SERVICE_TLS_KEY: optional("PEM file of that certificate's key", text),
  KODER_ID_SERVICE_TLS_CA: optional("PEM file of who vouches for peers; default: whom the system trusts", text),
  KODER_ID_SERVICE_TLS_MUTUAL: setting(
    "`on`: the services' ports let in only callers with a certificate by KODER_ID_SERVICE_TLS_CA",
    "off",
    oneOf("on", "off"),
  ),
  KODER_ID_SERVICE_HOST: setting("Address of the services' own ports", "127.0.0.1", text),
  KODER_ID_SERVICE_BASE_PORT: setting("gRPC at +1 to +5, HTTP at +11 to +15; `0` picks free ports", "4000", (value) => {
    const base = port(value);
    if (base > 65_535 - 15) throw new Error("must leave room for fifteen ports above it");
    return base;
  }),
  KODER_ID_TLS_CERT: optional("PEM file of the gateway's certificate chain; needs KODER_ID_TLS_KEY", text),
  KODER_ID_TLS_KEY: optional("PEM file of the certificate's key", text),
  KODER_ID_TLS_DIR: optional(
    "Folder of certificates for other names: `<folder>/<domain>/tls.crt` and `tls.key`; see below",
    text,
  ),
  KODER_ID_TRUSTED_PROXIES: optional(
    "Proxies whose X-Forwarded-For is believed: addresses or prefixes, by commas",
    proxies,
  ),
  KODER_ID_OUTBOUND_EXEMPT: optional(
    "Hosts that clients' URLs (`jwks_uri`, back-channel logout, logos) and tenants' mail servers may be at though they are not public: `<host>:<port>` or `<host>:<port>=<PEM file of who vouches for it>`, by commas",
    readExemptions,
  ),
  KODER_ID_MASTER_KEY_FILE: optional(
    "File of the master key, mode 0600; default: `master-key` in the data folder",
    text,
  ),
  KODER_ID_PASSWORD_PEPPER_FILE: optional(
    "File of keys that are mixed into passwords before they are hashed, mode 0600; see below",
    text,
  ),
  KODER_ID_BOOTSTRAP_TOKEN: optional(
    "When set, no owner is created at the start: `POST /v1/admin/bootstrap` with this token creates it",
    (value) => {
      if (value.length < 24) throw new Error("must be at least 24 characters");
      return value;
    },
  ),
  KODER_ID_ADMIN_EMAIL: optional("Address of the owner that the first start creates", text),
  KODER_ID_ADMIN_PASSWORD: optional("Password of that owner; default: one is made and must be changed", text),
  KODER_ID_SIGNING_KEY_LIFETIME: setting(
    "How long a key signs tokens until the next one takes its place; see keys.md",
    "90d",
    between("1h", "730d"),
  ),
  KODER_ID_KEY_SET_MAX_AGE: setting(
    "How long relying parties may keep the key set (`Cache-Control`); no key follows another before it was published for as long; the first one of an algorithm signs at once",
    "5m",
    between("1s", "1d"),
  ),
  KODER_ID_RATE_LIMIT: setting(
    "Requests that one address (IPv6: one /64) may send to a gateway: `<number>/<time>`, or `off`; see below",
    "30000/1m",
    rateLimit,
  ),
  KODER_ID_RATE_LIMIT_SIGN_IN: setting(
    "The same, of those that sign in, replace lost passwords, connect devices and register clients, which count apart",
    "1200/1m",
    rateLimit,
  ),
  KODER_ID_SMTP_URL: optional(
    "Mail server: `smtps://<user>:<password>@<host>` (TLS, 465), or `smtp://…` (STARTTLS, 587); `?tls=optional` sends without TLS where none is offered; see below",
    smtpServer,
  ),
  KODER_ID_MAIL_FROM: optional(
    "Who mails are from: an address, or `<name> <<address>>`; default: `no-reply@` and the host of the public URL",
    sender,
  ),
  KODER_ID_SMS_URL: optional(
    "Who brings SMS to telephones: an `https` URL that takes them (see below); without it there are no codes by SMS in production",
    httpsUrl,
  ),
  KODER_ID_SMS_SECRET: optional(
    "The secret that messages to KODER_ID_SMS_URL are signed by: at least 32 characters",
    longSecret,
  ),
  KODER_ID_TENANT_GRACE: setting(
    "How long a tenant that was deleted can be resumed before everything in it is gone",
    "7d",
    between("2m", "90d"),
  ),
  KODER_ID_LOG_LEVEL: setting(
    "`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`",
    "info",
    oneOf<LogLevel>("fatal", "error", "warn", "info", "debug", "trace", "silent"),
  ),
} satisfies Readonly<Record<string, Setting<unknown>>>;

type SettingName = keyof typeof settings;
/** The settings as they were read. */
export type Read = { readonly [Name in SettingName]: ReturnType<(typeof settings)[Name]["read"]> };

/** Everything that is wrong with a configuration, a sentence each; never with a value in it. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  constructor(problems: readonly string[]) {
    super(`the configuration is not good:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
  }
}

/** Variables that say something else: where the configuration is, and with what the command line calls a server. */
const otherVariables: ReadonlySet<string> = new Set(["KODER_ID_CONFIG", "KODER_ID_API_KEY"]);

/**
 * Reads the configuration from environment variables, and from the JSON file that KODER_ID_CONFIG names, whose members have
 * the same names; the environment wins. Throws ConfigurationError with every problem that there is.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const given = new Map<string, string>();
  for (const [name, value] of [...Object.entries(fromFile(env["KODER_ID_CONFIG"], problems)), ...Object.entries(env)]) {
    if (name.startsWith("KODER_ID_") && !otherVariables.has(name) && value !== undefined) given.set(name, value);
  }
  for (const name of given.keys()) {
    if (name in settings) continue;
    const near = nearestName(name, Object.keys(settings));
    problems.push(`${name} is no setting${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
  const entries = Object.entries(settings).map(([name, { fallback, read }]) => {
    try {
      // Who writes a name and no value has not set it: templates of deployments do.
      return [name, read(given.get(name) || fallback)];
    } catch (error) {
      problems.push(`${name} ${error instanceof Error ? error.message : "is not valid"}`);
      return [name, undefined];
    }
  });
  if (problems.length > 0) throw new ConfigurationError(problems);
  const read = Object.fromEntries(entries) as Read;
  const config = configOf(read);
  const faults = configFaults(config, read);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return Object.freeze(config);
}

function fromFile(file: string | undefined, problems: string[]): Readonly<Record<string, string>> {
  if (file === undefined || file === "") return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new Error("is no JSON object");
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([name, value]) => {
        if (name.startsWith("KODER_ID_") && (typeof value === "string" || typeof value === "number")) {
          return [[name, String(value)]];
        }
        problems.push(`the configuration file: ${name} must be a KODER_ID_ setting with a text or a number`);
        return [];
      }),
    );
  } catch (error) {
    problems.push(
      `KODER_ID_CONFIG: the file cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
    return {};
  }
}

/** The configuration that the settings come to, with what follows from others where nothing is said. */
function configOf(read: Read): Config {
  const publicOrigin = read.KODER_ID_PUBLIC_URL;
  const data = resolve(read.KODER_ID_DATA);
  const [certFile, keyFile] = [read.KODER_ID_TLS_CERT, read.KODER_ID_TLS_KEY];
  const [smsUrl, smsSecret] = [read.KODER_ID_SMS_URL, read.KODER_ID_SMS_SECRET];
  const mailHost = publicOrigin === undefined ? "localhost" : new URL(publicOrigin).hostname;
  return {
    mode: read.KODER_ID_MODE ?? (isLoopback(publicOrigin) ? "development" : "production"),
    listen: read.KODER_ID_LISTEN,
    publicOrigin,
    services: read.KODER_ID_SERVICES,
    processes: read.KODER_ID_PROCESSES,
    peers: read.KODER_ID_PEERS ?? new Map<ServiceName, readonly string[]>(),
    serviceKeys: read.KODER_ID_SERVICE_KEYS,
    serviceTls: {
      certFile: read.KODER_ID_SERVICE_TLS_CERT,
      keyFile: read.KODER_ID_SERVICE_TLS_KEY,
      caFile: read.KODER_ID_SERVICE_TLS_CA,
      mutual: read.KODER_ID_SERVICE_TLS_MUTUAL === "on",
    },
    store: read.KODER_ID_STORE ?? `sqlite:${join(data, "koder-id.db")}`,
    data,
    serviceHost: read.KODER_ID_SERVICE_HOST,
    serviceBasePort: read.KODER_ID_SERVICE_BASE_PORT,
    tls:
      certFile === undefined || keyFile === undefined
        ? undefined
        : { certFile, keyFile, folder: read.KODER_ID_TLS_DIR },
    trustedProxies: read.KODER_ID_TRUSTED_PROXIES ?? [],
    outboundExempt: read.KODER_ID_OUTBOUND_EXEMPT ?? [],
    masterKeyFile: resolve(read.KODER_ID_MASTER_KEY_FILE ?? join(data, "master-key")),
    passwordPepperFile: read.KODER_ID_PASSWORD_PEPPER_FILE,
    bootstrapToken: read.KODER_ID_BOOTSTRAP_TOKEN,
    adminEmail: read.KODER_ID_ADMIN_EMAIL ?? "",
    adminPassword: read.KODER_ID_ADMIN_PASSWORD,
    signingKeyLifetime: read.KODER_ID_SIGNING_KEY_LIFETIME,
    keySetMaxAge: read.KODER_ID_KEY_SET_MAX_AGE,
    rateLimits: { signIn: read.KODER_ID_RATE_LIMIT_SIGN_IN.limit, requests: read.KODER_ID_RATE_LIMIT.limit },
    mail: { smtp: read.KODER_ID_SMTP_URL, from: read.KODER_ID_MAIL_FROM ?? `no-reply@${mailHost}` },
    sms: smsUrl === undefined || smsSecret === undefined ? undefined : { url: smsUrl, secret: smsSecret },
    tenantGrace: read.KODER_ID_TENANT_GRACE,
    logLevel: read.KODER_ID_LOG_LEVEL,
  };
}
