import { dirname, sep } from "node:path";
import { serviceNames } from "./call.ts";
import { loopback } from "./config-values.ts";
import type { Config, Read } from "./config.ts";

/** Whether a public URL is of this machine alone; without one it is. */
export const isLoopback = (publicOrigin: string | undefined): boolean =>
  publicOrigin === undefined || loopback.test(new URL(publicOrigin).hostname);

/** What is wrong with settings of which each by itself is good: a sentence each, without a value in it. */
export function configFaults(config: Config, read: Read): readonly string[] {
  const ofProduction = config.mode === "production" ? productionFaults(config) : [];
  return [...faultsTogether(config, read), ...ofProduction, ...serviceFaults(config)];
}

/** Settings that do not go together. */
function faultsTogether(config: Config, read: Read): readonly string[] {
  const { mode, publicOrigin, tls, store, processes, signingKeyLifetime, keySetMaxAge } = config;
  const pairs = [
    ["KODER_ID_SMS_URL", "KODER_ID_SMS_SECRET"],
    ["KODER_ID_TLS_CERT", "KODER_ID_TLS_KEY"],
    ["KODER_ID_SERVICE_TLS_CERT", "KODER_ID_SERVICE_TLS_KEY"],
  ] as const;
  const problems = pairs.flatMap(([one, other]) =>
    (read[one] === undefined) === (read[other] === undefined) ? [] : [`${one} and ${other} must be set together`],
  );
  if (signingKeyLifetime < 4 * keySetMaxAge) {
    problems.push("KODER_ID_SIGNING_KEY_LIFETIME must be at least four times KODER_ID_KEY_SET_MAX_AGE");
  }
  if (read.KODER_ID_TLS_DIR !== undefined && tls === undefined) {
    problems.push(
      "KODER_ID_TLS_DIR needs KODER_ID_TLS_CERT and KODER_ID_TLS_KEY, which are shown for every other name",
    );
  }
  if (tls !== undefined && publicOrigin?.startsWith("http:") === true) {
    problems.push("KODER_ID_PUBLIC_URL must be https where the gateway has a certificate");
  }
  if (processes > 1 && store === "memory:") {
    problems.push("KODER_ID_STORE must not be memory: with more than one process");
  }
  if (mode === "development" && !isLoopback(publicOrigin)) {
    problems.push("KODER_ID_MODE may be development only while KODER_ID_PUBLIC_URL is loopback");
  }
  return problems;
}

/** What is not safe enough for production. */
function productionFaults({
  publicOrigin,
  services: here,
  tls,
  trustedProxies,
  store,
  masterKeyFile,
  data,
}: Config): readonly string[] {
  const problems: string[] = [];
  if (publicOrigin === undefined) problems.push("KODER_ID_PUBLIC_URL must be set in production");
  else if (!publicOrigin.startsWith("https:")) problems.push("KODER_ID_PUBLIC_URL must be https in production");
  if (here.includes("gateway") && tls === undefined && trustedProxies.length === 0) {
    problems.push("production needs TLS: set KODER_ID_TLS_CERT and KODER_ID_TLS_KEY, or KODER_ID_TRUSTED_PROXIES");
  }
  if (store === "memory:") problems.push("KODER_ID_STORE must not be memory: in production");
  if (`${dirname(masterKeyFile)}${sep}`.startsWith(`${data}${sep}`)) {
    problems.push("KODER_ID_MASTER_KEY_FILE must lie outside KODER_ID_DATA in production");
  }
  return problems;
}

/** What is not so that must be for services in processes of their own. */
function serviceFaults({
  services: here,
  peers: elsewhere,
  serviceTls,
  serviceKeys,
  store,
  mode,
}: Config): readonly string[] {
  const problems: string[] = [];
  const missing = serviceNames.filter((name) => name !== "gateway" && !here.includes(name) && !elsewhere.has(name));
  if (missing.length > 0) problems.push(`KODER_ID_PEERS must say where ${missing.join(", ")} can be reached`);
  const both = here.filter((name) => elsewhere.has(name));
  if (both.length > 0) problems.push(`KODER_ID_PEERS must not name ${both.join(", ")}, which this process serves`);
  if (serviceTls.mutual && (serviceTls.certFile === undefined || serviceTls.caFile === undefined)) {
    problems.push("KODER_ID_SERVICE_TLS_MUTUAL needs KODER_ID_SERVICE_TLS_CERT and KODER_ID_SERVICE_TLS_CA");
  }
  if (here.length === serviceNames.length) return problems;
  if (serviceKeys === undefined) {
    problems.push("KODER_ID_SERVICE_KEYS must be set where services are in processes of their own");
  }
  if (store === "memory:") problems.push("KODER_ID_STORE must not be memory: where services share it");
  const open = [...elsewhere.values()].flat().filter((address) => address.startsWith("http:"));
  if (mode === "production" && open.some((address) => !loopback.test(new URL(address).hostname))) {
    problems.push("KODER_ID_PEERS must be https between machines in production");
  }
  return problems;
}
