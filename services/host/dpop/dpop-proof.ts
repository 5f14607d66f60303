import { createHash } from "node:crypto";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { foreignKey, type ForeignKey } from "../../vault/foreign-key.ts";
import { isSignedBy, readForeignJwt, type ForeignJwt } from "../../vault/foreign-jwt.ts";
import { publicJwkOf } from "../../vault/signing-key.ts";
import { JwtRefused } from "../../vault/verify-jwt.ts";
import { DpopRefused } from "./dpop-refused.ts";

/** What a proof must be for. */
export interface DpopExpectation {
  /** Method of the HTTP request. */
  readonly method: string;
  /** URL of the HTTP request, without query and fragment. */
  readonly url: string;
  /** The access token that it came with, at a resource. */
  readonly accessToken?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A proof whose checks passed, but for its nonce and that it was not used before. */
export interface DpopProof {
  /** Thumbprint of the key (RFC 7638), by which tokens are bound to it. */
  readonly jkt: string;
  readonly jti: string;
  /** As the server gave it; undefined when there is none. */
  readonly nonce: string | undefined;
}

/** By how many seconds a client's clock may differ from ours. That a proof is new is the nonce's to say. */
const clockTolerance = 300;
const longestJti = 256;

const refused = (what: string) => new DpopRefused("invalid_dpop_proof", `the DPoP proof ${what}`);

/** The checks of RFC 9449 §4.3, in its order. Throws DpopRefused. */
export async function checkDpopProof(text: string, expected: DpopExpectation): Promise<DpopProof> {
  const jwt = read(text);
  checkType(jwt);
  const key = checkSignature(jwt);
  checkRequest(jwt, expected);
  checkTime(jwt, expected.now);
  if (expected.accessToken !== undefined) checkAccessToken(jwt, expected.accessToken);
  const jti = checkId(jwt);
  const { nonce } = jwt.claims;
  if (nonce !== undefined && typeof nonce !== "string") throw refused("must have a text as nonce");
  // Of the key as we write it, so that a key has one thumbprint however its JWK was written.
  return { jkt: await calculateJwkThumbprint({ ...publicJwkOf(key.publicKey) }), jti, nonce };
}

function read(text: string): ForeignJwt {
  try {
    return readForeignJwt(text);
  } catch (error) {
    if (!(error instanceof JwtRefused)) throw error;
    throw refused(error.fault === "header" ? "must be signed with RS256, PS256, ES256 or EdDSA" : "is not one JWT");
  }
}

function checkType({ header }: ForeignJwt): void {
  if (header["typ"] !== "dpop+jwt") throw refused("must have the typ dpop+jwt");
}

/** A public key in the header, and the signature by it. */
function checkSignature(jwt: ForeignJwt): ForeignKey {
  const key = foreignKey(jwt.header["jwk"]);
  if (key === undefined) throw refused("must have a public key of its algorithm as jwk");
  if (!isSignedBy(jwt, key)) throw refused("was not signed with the key in its jwk");
  return key;
}

function checkRequest({ claims: { htm, htu } }: ForeignJwt, { method, url }: DpopExpectation): void {
  if (htm !== method) throw refused(`must have ${method} as htm`);
  if (typeof htu !== "string" || withoutQuery(htu) !== withoutQuery(url)) throw refused(`must have ${url} as htu`);
}

/** A URL, normalised (RFC 3986 §6.2.2 and §6.2.3), without query and fragment; undefined for what is none. */
function withoutQuery(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, pathname, username, password } = new URL(text);
  return username === "" && password === "" ? `${origin}${withoutNeedlessEscapes(pathname)}` : undefined;
}

/** Escapes in capitals, and none of characters that need none (RFC 3986 §6.2.2.1 and §6.2.2.2). */
const withoutNeedlessEscapes = (path: string): string =>
  path.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCodePoint(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
  });

function checkTime({ claims: { iat } }: ForeignJwt, now: number): void {
  if (typeof iat !== "number" || !(Math.abs(now / 1000 - iat) <= clockTolerance)) {
    throw refused("must have the time now as iat");
  }
}

/** A proof beside one access token is none beside another. */
function checkAccessToken({ claims: { ath } }: ForeignJwt, accessToken: string): void {
  if (ath !== createHash("sha256").update(accessToken).digest("base64url")) {
    throw refused("must have the hash of the access token as ath");
  }
}

function checkId({ claims: { jti } }: ForeignJwt): string {
  if (typeof jti === "string" && jti !== "" && jti.length <= longestJti) return jti;
  throw refused(`must have a jti of 1 to ${longestJti} characters`);
}
