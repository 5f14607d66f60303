import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";

/** The JWS algorithms that we sign with. */
export const signingAlgs = ["RS256", "PS256", "ES256", "EdDSA"] as const;
export type SigningAlg = (typeof signingAlgs)[number];

/** Whether a name is that of an algorithm that tokens are signed with. */
export const isSigningAlg = (name: string): name is SigningAlg => signingAlgs.some((alg) => alg === name);

/** The public half of a key as published (RFC 7517), without what names or restricts it. */
export interface PublicJwk {
  readonly kty: string;
  readonly n?: string;
  readonly e?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

/** A key that signs with one algorithm. Its id is the RFC 7638 thumbprint of the public half. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicJwk: PublicJwk;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const generate = promisify(generateKeyPair);

/** A new key: RSA of 2048 bits, P-256, or Ed25519. Made in the thread pool; RSA takes some hundred milliseconds. */
export async function generateSigningKey(alg: SigningAlg): Promise<SigningKey> {
  const { privateKey } = await pairFor(alg);
  return signingKey(alg, privateKey);
}

function pairFor(alg: SigningAlg): Promise<{ privateKey: KeyObject }> {
  switch (alg) {
    case "RS256":
    case "PS256":
      return generate("rsa", { modulusLength: 2048 });
    case "ES256":
      return generate("ec", { namedCurve: "P-256" });
    case "EdDSA":
      return generate("ed25519");
  }
}

/** The private half as PKCS #8 DER: to be sealed before it goes anywhere. */
export function exportPrivateKey(key: SigningKey): Uint8Array {
  return key.privateKey.export({ type: "pkcs8", format: "der" });
}

/** A key from its PKCS #8 DER. Throws when it is no key for this algorithm. */
export async function importSigningKey({
  alg,
  privateKey,
}: {
  readonly alg: SigningAlg;
  readonly privateKey: Uint8Array;
}): Promise<SigningKey> {
  return signingKey(alg, createPrivateKey({ key: Buffer.from(privateKey), type: "pkcs8", format: "der" }));
}

/** Refuses a key that is not of its algorithm's type, curve or strength (RFC 7518 §3.3–3.5, RFC 8037 §3.1). */
export function checkKeyFits(
  alg: SigningAlg,
  { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject,
): void {
  const fits = {
    RS256: type === "rsa" && (details?.modulusLength ?? 0) >= 2048,
    PS256: type === "rsa" && (details?.modulusLength ?? 0) >= 2048,
    ES256: type === "ec" && details?.namedCurve === "prime256v1",
    EdDSA: type === "ed25519",
  };
  if (fits[alg]) return;
  const found = [type, details?.modulusLength, details?.namedCurve].filter((part) => part !== undefined).join(" ");
  throw new Error(`a key of type ${found} is none for ${alg}`);
}

async function signingKey(alg: SigningAlg, privateKey: KeyObject): Promise<SigningKey> {
  checkKeyFits(alg, privateKey);
  const publicKey = createPublicKey(privateKey);
  const publicJwk = publicJwkOf(publicKey);
  return { kid: await calculateJwkThumbprint(publicJwk), alg, publicJwk, publicKey, privateKey };
}

/** A public key as it is published. */
export function publicJwkOf(publicKey: KeyObject): PublicJwk {
  const { kty = "", n, e, crv, x, y } = publicKey.export({ format: "jwk" });
  return {
    kty,
    ...(n === undefined ? {} : { n }),
    ...(e === undefined ? {} : { e }),
    ...(crv === undefined ? {} : { crv }),
    ...(x === undefined ? {} : { x }),
    ...(y === undefined ? {} : { y }),
  };
}
