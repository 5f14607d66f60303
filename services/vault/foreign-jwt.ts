import { foreignAlg, type ForeignKey } from "./foreign-key.ts";
import type { SigningAlg } from "./signing-key.ts";
import { isSignatureGood, JwtRefused, parseJwtPart, splitJwt, type JwtParts } from "./verify-jwt.ts";

/** A JWT that somebody else made, not verified yet. */
export interface ForeignJwt {
  readonly parts: JwtParts;
  readonly header: Readonly<Record<string, unknown>>;
  /** The algorithm that its header names: one that verifies with a public key. */
  readonly alg: SigningAlg;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Reads a JWT of somebody else's: with an asymmetric algorithm of ours and without extensions that it would be wrong not to
 * know (RFC 7515 §4.1.11). Throws JwtRefused `malformed` or `header`. Nothing of it is true before `isSignedBy` says so.
 */
export function readForeignJwt(token: string): ForeignJwt {
  const parts = splitJwt(token);
  const header = parseJwtPart(parts.header);
  const alg = foreignAlg(header["alg"]);
  if (alg === undefined || "crit" in header) throw new JwtRefused("header");
  return { parts, header, alg, claims: parseJwtPart(parts.payload) };
}

/** Whether a key signed it, with the algorithm that it names; the key says which it may name. */
export const isSignedBy = ({ parts, alg }: ForeignJwt, { algs, publicKey }: ForeignKey): boolean =>
  algs.includes(alg) && isSignatureGood(parts, { alg, publicKey });
