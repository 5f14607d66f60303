import { generateKeyPairSync, sign, verify, type KeyObject } from "node:crypto";
import { dropOldest } from "./drop-oldest.ts";

/** What a call between services proves: who calls whom, for which method and tenant. */
export interface ServiceCallBinding {
  readonly audience: string;
  /** `koder.session.v1.GrantService/RedeemCode` */
  readonly method: string;
  readonly tenantId: string;
}

/** Seconds that a token is good for, and that it is used for before a new one is made. */
const lifetime = 60;
const reusedFor = 30;
/** Seconds by which another machine's clock may be ahead. */
const tolerance = 5;
const mostRemembered = 10_000;
/** Far more than names and a signature need. */
const longestToken = 2_048;
const typ = "koder-service+jwt";
const header = Buffer.from(JSON.stringify({ alg: "EdDSA", typ })).toString("base64url");

/** A new Ed25519 key for one service. */
export function generateServiceKey(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync("ed25519");
}

/**
 * Makes the service tokens of one service: Ed25519 JWTs of 60 seconds. One for the same callee, method and tenant is used
 * again for 30 seconds, so that a call in one process costs a look-up. `clock` in milliseconds.
 */
export function createServiceTokenIssuer({
  service,
  privateKey,
  clock,
}: {
  readonly service: string;
  readonly privateKey: KeyObject;
  readonly clock: () => number;
}): (binding: ServiceCallBinding) => string {
  const made = new Map<string, { readonly token: string; readonly iat: number }>();
  return ({ audience, method, tenantId }) => {
    const now = Math.floor(clock() / 1000);
    // None of the three has a space.
    const name = `${audience} ${method} ${tenantId}`;
    const known = made.get(name);
    // One of later was made by a clock that was ahead, and was set right since: nobody else takes it.
    if (known !== undefined && known.iat <= now && now < known.iat + reusedFor) return known.token;
    const claims = { iss: service, aud: audience, method, tenant: tenantId, iat: now, exp: now + lifetime };
    const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
    const token = `${input}.${sign(null, Buffer.from(input, "utf8"), privateKey).toString("base64url")}`;
    made.delete(name);
    made.set(name, { token, iat: now });
    dropOldest(made, mostRemembered);
    return token;
  };
}

/** A service token that was verified. */
export interface ServiceIdentity {
  readonly service: string;
  readonly tenantId: string;
}

/**
 * Verifies the service tokens sent to one service: signed by the key of the service that they name, meant for this one and
 * for this method, of at most 60 seconds. Undefined for anything else. Good ones are remembered until they expire: no event
 * ends that earlier, because a token that was signed is good for its minute, whatever becomes of its key.
 */
export function createServiceTokenVerifier({
  keys,
  audience,
  clock,
}: {
  /** Every service's public keys. */
  readonly keys: ReadonlyMap<string, readonly KeyObject[]>;
  readonly audience: string;
  readonly clock: () => number;
}): (token: string, method: string) => ServiceIdentity | undefined {
  interface Verified extends ServiceIdentity {
    readonly method: string;
    readonly exp: number;
  }
  const good = new Map<string, Verified>();

  function read(token: string, now: number): Verified | undefined {
    if (token.length > longestToken) return undefined;
    const parts = token.split(".");
    const [head, body = "", tail = ""] = parts;
    if (parts.length !== 3 || head !== header) return undefined;
    const claims = parse(body);
    if (claims === undefined) return undefined;
    const { iss, aud, method, tenant, iat, exp } = claims;
    if (typeof iss !== "string" || typeof method !== "string" || typeof tenant !== "string") return undefined;
    if (typeof iat !== "number" || typeof exp !== "number" || aud !== audience) return undefined;
    if (exp - iat > lifetime || iat > now + tolerance) return undefined;
    const issuerKeys = keys.get(iss) ?? [];
    const signature = Buffer.from(tail, "base64url");
    if (signature.toString("base64url") !== tail) return undefined; // one spelling only
    // UTF-8, because "ascii" drops the high byte, and a token would have many spellings.
    const signed = Buffer.from(`${head}.${body}`, "utf8");
    if (!issuerKeys.some((key) => verify(null, signed, key, signature))) return undefined;
    return { service: iss, tenantId: tenant, method, exp };
  }

  return (token, method) => {
    const now = clock() / 1000;
    let verified = good.get(token);
    if (verified === undefined) {
      verified = read(token, now);
      if (verified === undefined) return undefined;
      good.set(token, verified);
      dropOldest(good, mostRemembered);
    }
    if (now >= verified.exp) {
      good.delete(token);
      return undefined;
    }
    return verified.method === method ? verified : undefined;
  };
}

function parse(encoded: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined; // not JSON: not a token
  }
}
