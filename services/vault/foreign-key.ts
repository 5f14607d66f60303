import { createPublicKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import { checkKeyFits, type SigningAlg } from "./signing-key.ts";

/** A public key of somebody else's, for verifying what they signed. */
export interface ForeignKey {
  /** As its owner named it; undefined when they did not. */
  readonly kid: string | undefined;
  /** What it may have signed with: one algorithm where its owner said so, else each that its kind allows. */
  readonly algs: readonly SigningAlg[];
  readonly publicKey: KeyObject;
}

/** The names that algorithms have on the wire; `Ed25519` is what RFC 9864 calls EdDSA with that curve. */
export const foreignAlgs: ReadonlyMap<string, SigningAlg> = new Map<string, SigningAlg>([
  ["RS256", "RS256"],
  ["PS256", "PS256"],
  ["ES256", "ES256"],
  ["EdDSA", "EdDSA"],
  ["Ed25519", "EdDSA"],
]);

/** The algorithm that a name stands for; undefined for one that is none of ours, or no name. */
export const foreignAlg = (name: unknown): SigningAlg | undefined =>
  typeof name === "string" ? foreignAlgs.get(name) : undefined;

/** The members of public keys by their kind, and what those sign with. Nothing else of a key is read. */
const kinds: Readonly<Record<string, { readonly members: readonly string[]; readonly algs: readonly SigningAlg[] }>> = {
  RSA: { members: ["n", "e"], algs: ["RS256", "PS256"] },
  EC: { members: ["crv", "x", "y"], algs: ["ES256"] },
  OKP: { members: ["crv", "x"], algs: ["EdDSA"] },
};

/** Beyond it, verifying costs more than a stranger may have us do. */
const mostRsaBits = 8192;
const mostRsaExponent = 2n ** 32n;
const leastRsaExponent = 3n;

/**
 * A key from a JWK that somebody else wrote (RFC 7517 §4). Undefined where it is no public key that signs with an algorithm of
 * ours: a private or symmetric key, one of another kind, use or algorithm, or a weak one.
 */
export function foreignKey(jwk: unknown): ForeignKey | undefined {
  if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk)) return undefined;
  const { kty, kid, alg, use, key_ops: operations, ...members } = jwk as Readonly<Record<string, unknown>>;
  const kind = typeof kty === "string" && Object.hasOwn(kinds, kty) ? kinds[kty] : undefined;
  if (kind === undefined || typeof kty !== "string") return undefined;
  // A private half that was published is everybody's, and a symmetric key was never anybody's alone (RFC 7518 §6.3.2, §6.4).
  if ("d" in members || "k" in members) return undefined;
  if (use !== undefined && use !== "sig") return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return undefined;
  if (kid !== undefined && typeof kid !== "string") return undefined;
  const named = foreignAlg(alg);
  if (alg !== undefined && (named === undefined || !kind.algs.includes(named))) return undefined;
  const algs = named === undefined ? kind.algs : [named];
  const publicKey = read({ kty, ...Object.fromEntries(kind.members.map((name) => [name, members[name]])) });
  return publicKey !== undefined && isStrong(algs, publicKey) ? { kid, algs, publicKey } : undefined;
}

function read(jwk: JsonWebKeyInput["key"]): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return undefined; // Node says by errors of several kinds that it is no key
  }
}

function isStrong(algs: readonly SigningAlg[], publicKey: KeyObject): boolean {
  try {
    for (const alg of algs) checkKeyFits(alg, publicKey);
  } catch {
    return false;
  }
  const { modulusLength = 0, publicExponent = leastRsaExponent } = publicKey.asymmetricKeyDetails ?? {};
  return modulusLength <= mostRsaBits && publicExponent >= leastRsaExponent && publicExponent <= mostRsaExponent;
}
