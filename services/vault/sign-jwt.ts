import { constants, sign, type SignKeyObjectInput } from "node:crypto";
import type { SigningKey } from "./signing-key.ts";

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
 * Signs a JWT in compact form (RFC 7515 §7.1) with `node:crypto`. RSA signs in the thread pool, several at once, while the
 * event loop goes on. ES256 and Ed25519 sign in place: the way to the pool costs CPU of its own, and there they would
 * queue behind password hashes. docs/decisions/0003-signing.md has the measurement. Rejects where the payload is no JSON.
 */
export function signJwt(key: SigningKey, { typ }: { readonly typ: string }, payload: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const input = `${headerOf(key, typ)}.${Buffer.from(JSON.stringify(payload)).toString("base64url")}`;
    const bytes = Buffer.from(input, "utf8");
    const finish = (signature: Buffer) => resolve(`${input}.${signature.toString("base64url")}`);
    const parameters = parametersOf(key);
    switch (key.alg) {
      case "RS256":
      case "PS256":
        sign("sha256", bytes, parameters, (error, signature) => (error ? reject(error) : finish(signature)));
        break;
      case "ES256":
        finish(sign("sha256", bytes, parameters));
        break;
      case "EdDSA":
        finish(sign(null, bytes, parameters)); // Ed25519 hashes by itself
        break;
    }
  });
}

/** RFC 7518 §3.3–3.5, RFC 8037 §3.1. */
function parametersOf({ alg, privateKey }: SigningKey): SignKeyObjectInput {
  switch (alg) {
    case "PS256":
      return {
        key: privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      };
    case "ES256":
      return { key: privateKey, dsaEncoding: "ieee-p1363" };
    case "RS256":
    case "EdDSA":
      return { key: privateKey };
  }
}
