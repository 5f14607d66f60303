import { createPublicKey, type AsymmetricKeyDetails } from "node:crypto";
import type { ClientKey, ClientKeySet } from "#gen/koder/oauth/v1/client_key_pb.ts";
import type { FieldViolation } from "../../../host/failure.ts";

/** Shorter keys are refused (RFC 7518 §3.3). */
const leastRsaBits = 2048;
/** Smaller exponents make forging easier (FIPS 186-5 §A.1.1). */
const leastRsaExponent = 65_537n;

/** The algorithms that a key of a kind can be for; the first member of its name in RFC 7518 §6.1 and RFC 8037 §2. */
const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  RSA: ["RS256", "PS256"],
  "EC/P-256": ["ES256"],
  "OKP/Ed25519": ["EdDSA", "Ed25519"],
};

/**
 * What is wrong with a client's key set, at its first key that is not right: one that is not a public key for signatures, is
 * weak, or has the `kid` of another. The contract has no members for private keys, so that none can come this far.
 */
export function clientKeySetFault({ keys }: ClientKeySet): FieldViolation | undefined {
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    const field = `jwks.keys[${index}]`;
    const description = keyFault(key);
    if (description !== undefined) return { field, description };
    if (key.kid !== "" && seen.has(key.kid)) return { field, description: "must have a kid of its own" };
    seen.add(key.kid);
  }
  return undefined;
}

function keyFault(key: ClientKey): string | undefined {
  const algorithms = algorithmsOf[key.kty === "RSA" ? "RSA" : `${key.kty}/${key.crv}`];
  if (algorithms === undefined) return "must be RSA, EC with P-256, or OKP with Ed25519";
  if (key.use !== "" && key.use !== "sig") return "must be for signatures";
  if (key.keyOps.some((operation) => operation !== "verify")) return "must be for verifying only";
  if (key.alg !== "" && !algorithms.includes(key.alg)) return `must have an alg of ${algorithms.join(", ")}`;
  const details = publicKeyDetails(key);
  if (details === undefined) return "must be a public key with the members of its kind";
  if (key.kty !== "RSA") return undefined;
  if ((details.modulusLength ?? 0) < leastRsaBits) return `must have at least ${leastRsaBits} bits`;
  return (details.publicExponent ?? 0n) < leastRsaExponent ? "must have an exponent of 65537 or more" : undefined;
}

/** What Node makes of a key; undefined for what is none. */
function publicKeyDetails({ kty, crv, n, e, x, y }: ClientKey): AsymmetricKeyDetails | undefined {
  const jwk = kty === "RSA" ? { kty, n, e } : kty === "EC" ? { kty, crv, x, y } : { kty, crv, x };
  try {
    return createPublicKey({ key: jwk, format: "jwk" }).asymmetricKeyDetails ?? {};
  } catch {
    // Node says no more than that it is no key, by errors of several kinds.
    return undefined;
  }
}
