import { constants, createHash, createPublicKey, verify, type KeyObject, type VerifyKeyObjectInput } from "node:crypto";
import type { PublicJwk, SigningAlg } from "./signing-key.ts";

/** A key that verifies. The algorithm is ours to say, never the token's. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicKey: KeyObject;
}

/** What a token must be. `now` in milliseconds. */
export interface JwtExpectation {
  readonly typ: string;
  readonly issuer: string;
  readonly audience?: string;
  readonly now: number;
}

/** The claims of a token that was verified: `exp` and `iat` are there, the rest is as it was signed. */
export type JwtClaims = Readonly<Record<string, unknown>> & { readonly exp: number; readonly iat: number };

/** Why a token is not good; `unknown_key` may pass once newer keys are read. */
export type JwtFault = "malformed" | "unknown_key" | "header" | "signature" | "expired" | "not_yet" | "issuer" | "audience";

export class JwtRefused extends Error {
  override readonly name = "JwtRefused";
  readonly fault: JwtFault;
  constructor(fault: JwtFault) {
    super(`the token is refused: ${fault}`);
    this.fault = fault;
  }
}

/** Seconds by which another clock of ours may be ahead. */
const tolerance = 5;

/** Verifies tokens that one of `keys` signed. */
export type JwtVerifier = (token: string, keys: readonly VerificationKey[], expected: JwtExpectation) => JwtClaims;

/** A verification key from its published form. */
export function verificationKey(kid: string, alg: SigningAlg, jwk: PublicJwk): VerificationKey {
  return { kid, alg, publicKey: createPublicKey({ key: { ...jwk }, format: "jwk" }) };
}

/** Signatures remembered at once. */
const mostRemembered = 10_000;

/**
 * A verifier of our own tokens that remembers good signatures by the token's SHA-256 and the key, so that a token that
 * comes again costs a hash. Times, issuer, audience and type are looked at every time, and revocation is the caller's.
 * Throws JwtRefused.
 */
export function createJwtVerifier(): JwtVerifier {
  const good = new Map<string, VerificationKey>();
  return (token, keys, expected) => {
    const parts = token.split(".");
    const [head = "", body = "", tail = ""] = parts;
    if (parts.length !== 3) throw new JwtRefused("malformed");
    const header = parseObject(head);
    const key = keys.find(({ kid }) => kid === header["kid"]);
    if (key === undefined) throw new JwtRefused("unknown_key");
    // The header names nothing but what we sign: no other algorithm, no key of its own, no extension (RFC 8725 §3).
    const { alg, typ, kid, ...others } = header;
    if (alg !== key.alg || kid !== key.kid || typ !== expected.typ || Object.keys(others).length > 0) {
      throw new JwtRefused("header");
    }
    const digest = createHash("sha256").update(token).digest("base64");
    if (good.get(digest) !== key) {
      if (!isSigned(`${head}.${body}`, tail, key)) throw new JwtRefused("signature");
      good.set(digest, key);
      if (good.size > mostRemembered) for (const oldest of good.keys()) if (good.delete(oldest)) break;
    }
    return checkClaims(parseObject(body), expected);
  };
}

function parseObject(encoded: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
  } catch {
    throw new JwtRefused("malformed");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new JwtRefused("malformed");
  return value as Readonly<Record<string, unknown>>;
}

function isSigned(input: string, signature: string, { alg, publicKey }: VerificationKey): boolean {
  const bytes = Buffer.from(signature, "base64url");
  if (bytes.toString("base64url") !== signature) return false; // one spelling only
  const parameters: VerifyKeyObjectInput =
    alg === "PS256"
      ? { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : alg === "ES256"
        ? { key: publicKey, dsaEncoding: "ieee-p1363" }
        : { key: publicKey };
  return verify(alg === "EdDSA" ? null : "sha256", Buffer.from(input, "ascii"), parameters, bytes);
}

function checkClaims(claims: Readonly<Record<string, unknown>>, { issuer, audience, now }: JwtExpectation): JwtClaims {
  const { exp, iat, nbf, iss, aud } = claims;
  const seconds = now / 1000;
  if (typeof exp !== "number" || typeof iat !== "number") throw new JwtRefused("malformed");
  if (seconds >= exp) throw new JwtRefused("expired");
  if (iat > seconds + tolerance || (typeof nbf === "number" && nbf > seconds + tolerance)) throw new JwtRefused("not_yet");
  if (iss !== issuer) throw new JwtRefused("issuer");
  if (audience !== undefined && !(Array.isArray(aud) ? aud.includes(audience) : aud === audience)) {
    throw new JwtRefused("audience");
  }
  return { ...claims, exp, iat };
}
