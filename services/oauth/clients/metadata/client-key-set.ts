import { createPublicKey, type AsymmetricKeyDetails } from "node:crypto";
import type { ClientKey, ClientKeySet } from "#gen/koder/oauth/v1/client_key_pb.ts";
import type { FieldViolation } from "../../../host/failure.ts";
import { foreignAlg } from "../../../vault/foreign-key.ts";

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
 * What is wrong with a client's key set, at its first key that is not right: one that is symmetric, or is for our signatures and no public
 * key, weak, or has the `kid` of another such. What is for something else is passed over (RFC 7517 §5), and where `mustSign` holds must
 * not be all that there is: by `alg`, where the client registered one. The contract has no members for private keys, so that none can come this far.
 */
export function clientKeySetFault(
  { keys }: ClientKeySet,
  { mustSign, alg = "" }: { readonly mustSign: boolean; readonly alg?: string },
): FieldViolation | undefined {
  const seen: string[] = [];
  for (const [index, key] of keys.entries()) {
    const field = `jwks.keys[${index}]`;
    if (key.kty === "oct") return { field, description: "must be a public key" };
    if (!isForSignatures(key)) continue;
    const description = keyFault(key);
    if (description !== undefined) return { field, description };
    if (key.kid !== "" && seen.includes(key.kid)) return { field, description: "must have a kid of its own" };
    seen.push(key.kid);
  }
  if (!mustSign) return undefined;
  if (seen.length === 0) return { field: "jwks", description: `must hold a public key for signatures: ${ourKinds}` };
  if (alg === "" || keys.some((key) => isForSignatures(key) && signsBy(key, alg))) return undefined;
  return { field: "jwks", description: `must hold a public key for ${alg}, the token_endpoint_auth_signing_alg` };
}

const kindOf = ({ kty, crv }: Pick<ClientKey, "kty" | "crv">): string => (kty === "RSA" ? kty : `${kty}/${crv}`);

const ourKinds = "RSA, EC with P-256, or OKP with Ed25519, with no other use, key_ops or alg";

/** Whether a key for signatures is for these, as far as its owner says. */
const signsBy = ({ kty, crv, alg: own }: ClientKey, alg: string): boolean =>
  algorithmsOf[kindOf({ kty, crv })]?.includes(alg) === true && (own === "" || foreignAlg(own) === foreignAlg(alg));

/** Whether a key is one that we verify signatures with, as far as its owner says. */
function isForSignatures({ kty, crv, use, keyOps, alg }: ClientKey): boolean {
  const algorithms = algorithmsOf[kindOf({ kty, crv })];
  if (algorithms === undefined || (alg !== "" && !algorithms.includes(alg))) return false;
  return (use === "" || use === "sig") && (keyOps.length === 0 || keyOps.includes("verify"));
}

function keyFault(key: ClientKey): string | undefined {
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
