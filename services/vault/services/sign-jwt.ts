import { constants, sign, type SignKeyObjectInput } from "node:crypto";
import type { SigningAlg, SigningKey } from "./signing-key.ts";

/** Header bytes, ready to be signed: a key signs two kinds of token, again and again. */
const headers = new WeakMap<SigningKey, Map<string, string>>();

function headerOf(key: SigningKey, typ: string): string {
  let known = headers.get(key);
  if (known === undefined) headers.set(key, (known = new Map()));
  let header = known.get(typ);
  if (header === undefined) {
    header = Buffer.from(JSON.stringify({ alg: key.alg, typ, kid: key.kid })).toString("base64url");
    known.set(typ, header);
  }
  return header;
}

/**
 * Signs a JWT in compact form (RFC 7515 §7.1). The signature is made in the thread pool by `node:crypto`: several are in
 * flight at once and the event loop goes on; docs/decisions/0003-signing.md has the measurement.
 */
export function signJwt(key: SigningKey, { typ }: { readonly typ: string }, payload: object): Promise<string> {
  const input = `${headerOf(key, typ)}.${Buffer.from(JSON.stringify(payload)).toString("base64url")}`;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  sign(digestOf(key.alg), Buffer.from(input, "ascii"), parametersOf(key), (error, signature) => {
    if (error) reject(error);
    else resolve(`${input}.${signature.toString("base64url")}`);
  });
  return promise;
}

/** Ed25519 hashes by itself. */
const digestOf = (alg: SigningAlg): string | null => (alg === "EdDSA" ? null : "sha256");

/** RFC 7518 §3.3–3.5, RFC 8037 §3.1. */
function parametersOf({ alg, privateKey }: SigningKey): SignKeyObjectInput {
  switch (alg) {
    case "PS256":
      return { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    case "ES256":
      return { key: privateKey, dsaEncoding: "ieee-p1363" };
    case "RS256":
    case "EdDSA":
      return { key: privateKey };
  }
}
