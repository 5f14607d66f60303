import { constants, createPublicKey, hash, verify, type KeyObject, type VerifyKeyObjectInput } from "node:crypto";
import { dropOldest } from "./drop-oldest.ts";
import { checkKeyFits, type PublicJwk, type SigningAlg } from "./signing-key.ts";

/** A key that verifies. The algorithm is ours to say, never the token's. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicKey: KeyObject;
}

/** What a token must be. */
export interface JwtExpectation {
  readonly typ: string;
  readonly issuer: string;
  readonly audience?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Seconds by which the clock that wrote `iat` and `nbf` may be ahead of ours, 5 if not given. `exp` has no grace. */
  readonly clockTolerance?: number;
  /** For what only says who somebody was: an expired token will do. */
  readonly expired?: "accepted";
}

/** The claims of a token that was verified: `exp` and `iat` are there, the rest is as it was signed. */
export type JwtClaims = Readonly<Record<string, unknown>> & { readonly exp: number; readonly iat: number };

/** Why a token is not good; `unknown_key` may pass once newer keys are read. */
export type JwtFault =
  | "malformed"
  | "unknown_key"
  | "header"
  | "signature"
  | "expired"
  | "not_yet"
  | "issuer"
  | "audience";

/** A token that is not good. Says why, and nothing of what is in it. */
export class JwtRefused extends Error {
  override readonly name = "JwtRefused";
  readonly fault: JwtFault;
  constructor(fault: JwtFault) {
    super(`the token is refused: ${fault}`);
    this.fault = fault;
  }
}

/** Verifies tokens that one of `keys` signed. Throws JwtRefused. */
export type JwtVerifier = (token: string, keys: readonly VerificationKey[], expected: JwtExpectation) => JwtClaims;

/** A verification key from its published form. Throws where it is no key for this algorithm. */
export function verificationKey(kid: string, alg: SigningAlg, jwk: PublicJwk): VerificationKey {
  const publicKey = createPublicKey({ key: { ...jwk }, format: "jwk" });
  checkKeyFits(alg, publicKey);
  return { kid, alg, publicKey };
}

/**
 * Verifies a token of our own: its key found by `kid`, the algorithm from that key's record, a header of nothing but `alg`,
 * `typ` and `kid`, then the signature, times, issuer and audience (RFC 8725 §3). Revocation is the caller's to ask.
 */
export const verifyJwt: JwtVerifier = (token, keys, expected) => {
  const parts = splitJwt(token);
  checkSignature(parts, keyOf(parts.header, keys, expected.typ));
  return checkClaims(parseJwtPart(parts.payload), expected);
};

/** A token that was verified: whose signature it has, and what is in it. */
interface Remembered {
  readonly key: VerificationKey;
  readonly typ: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * `verifyJwt` that remembers by a token's SHA-256 which key signed it, and of the latest what is in them, so that a token that comes
 * again costs a hash. Its times, issuer and audience are looked at every time, and its key must be among `keys` then: what is
 * remembered of a key that was taken away opens nothing. What has expired is forgotten when it comes again, and beyond
 * `mostRemembered` the oldest. What it answers is frozen within.
 */
export function createJwtVerifier({
  mostRemembered = 10_000,
  mostRead = 1_000,
}: { readonly mostRemembered?: number; readonly mostRead?: number } = {}): JwtVerifier {
  const good = new Map<string, VerificationKey>();
  const read = new Map<string, Remembered>();

  function verified(
    token: string,
    digest: string,
    keys: readonly VerificationKey[],
    typ: string,
  ): Remembered["claims"] {
    const known = read.get(digest);
    if (known !== undefined && known.typ === typ && keys.includes(known.key)) return known.claims;
    const parts = splitJwt(token);
    const key = keyOf(parts.header, keys, typ);
    if (good.get(digest) !== key) {
      checkSignature(parts, key);
      good.set(digest, key);
      dropOldest(good, mostRemembered);
    }
    const claims = frozenWithin(parseJwtPart(parts.payload));
    read.set(digest, { key, typ, claims });
    dropOldest(read, mostRead);
    return claims;
  }

  return (token, keys, expected) => {
    if (token.length > longestToken) throw new JwtRefused("malformed");
    const digest = hash("sha256", token, "base64");
    try {
      return checkClaims(verified(token, digest, keys, expected.typ), expected);
    } catch (error) {
      if (error instanceof JwtRefused && error.fault === "expired") {
        good.delete(digest);
        read.delete(digest);
      }
      throw error;
    }
  };
}

/** JSON of which nobody can change what others are given, too. */
function frozenWithin<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) frozenWithin(part);
  return Object.freeze(value);
}

/** The three parts of a JWT in compact form, as they stand in it. */
export interface JwtParts {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

/** As many characters as a token of ours has at most: whatever takes tokens takes those, in a header too. */
export const longestToken = 16_384;

/** Takes a JWT in compact form apart (RFC 7515 §7.1). Throws JwtRefused where it is none, or longer than any that we take. */
export function splitJwt(token: string): JwtParts {
  if (token.length > longestToken) throw new JwtRefused("malformed");
  const [header = "", payload = "", signature = "", ...others] = token.split(".", 4);
  if (header === "" || payload === "" || signature === "" || others.length > 0) throw new JwtRefused("malformed");
  return { header, payload, signature };
}

function keyOf(encoded: string, keys: readonly VerificationKey[], expectedTyp: string): VerificationKey {
  const { alg, typ, kid, ...others } = parseJwtPart(encoded);
  const key = keys.find((one) => one.kid === kid);
  if (key === undefined) throw new JwtRefused("unknown_key");
  // Nothing but what we sign: no other algorithm, no key of its own, no extension.
  if (alg !== key.alg || typ !== expectedTyp || Object.keys(others).length > 0) throw new JwtRefused("header");
  return key;
}

/** The JSON object in a part. Throws JwtRefused where there is none. */
export function parseJwtPart(encoded: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
  } catch {
    throw new JwtRefused("malformed");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new JwtRefused("malformed");
  return value as Readonly<Record<string, unknown>>;
}

function checkSignature(parts: JwtParts, key: VerificationKey): void {
  if (!isSignatureGood(parts, key)) throw new JwtRefused("signature");
}

/** Whether a key made the signature, with the algorithm that its record names. */
export function isSignatureGood(
  { header, payload, signature }: JwtParts,
  { alg, publicKey }: Pick<VerificationKey, "alg" | "publicKey">,
): boolean {
  const bytes = Buffer.from(signature, "base64url");
  // Not "ascii": that drops the high byte, and a token would have many spellings.
  const input = Buffer.from(`${header}.${payload}`, "utf8");
  return (
    bytes.toString("base64url") === signature && // one spelling only
    bytes.length === signatureLength(publicKey) && // OpenSSL takes a PSS signature without its leading zeros, too
    verify(alg === "EdDSA" ? null : "sha256", input, parametersOf(alg, publicKey), bytes)
  );
}

/** Bytes of a signature: as many as an RSA modulus has (RFC 8017 §8.1.2), else 64 (RFC 7518 §3.4, RFC 8032 §5.1.6). */
function signatureLength({ asymmetricKeyDetails }: KeyObject): number {
  const bits = asymmetricKeyDetails?.modulusLength;
  return bits === undefined ? 64 : Math.ceil(bits / 8);
}

function parametersOf(alg: SigningAlg, publicKey: KeyObject): VerifyKeyObjectInput {
  switch (alg) {
    case "PS256":
      return { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    case "ES256":
      return { key: publicKey, dsaEncoding: "ieee-p1363" };
    case "RS256":
    case "EdDSA":
      return { key: publicKey };
  }
}

function checkClaims(claims: Readonly<Record<string, unknown>>, expected: JwtExpectation): JwtClaims {
  const { issuer, audience, now, clockTolerance = 5 } = expected;
  const { exp, iat, nbf, iss, aud } = claims;
  const seconds = now / 1000;
  if (typeof exp !== "number" || typeof iat !== "number") throw new JwtRefused("malformed");
  if (nbf !== undefined && typeof nbf !== "number") throw new JwtRefused("malformed");
  if (seconds >= exp && expected.expired !== "accepted") throw new JwtRefused("expired");
  if (Math.max(iat, nbf ?? iat) > seconds + clockTolerance) throw new JwtRefused("not_yet");
  if (iss !== issuer) throw new JwtRefused("issuer");
  if (audience !== undefined && !(Array.isArray(aud) ? aud.includes(audience) : aud === audience)) {
    throw new JwtRefused("audience");
  }
  return { ...claims, exp, iat };
}
