import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { calculateJwkThumbprint } from "jose";

/** The JWS algorithms that we sign with. */
export type SigningAlg = "RS256" | "PS256" | "ES256" | "EdDSA";

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

const keyTypes: Readonly<Record<SigningAlg, string>> = { RS256: "rsa", PS256: "rsa", ES256: "ec", EdDSA: "ed25519" };

async function signingKey(alg: SigningAlg, privateKey: KeyObject): Promise<SigningKey> {
  if (privateKey.asymmetricKeyType !== keyTypes[alg]) {
    throw new Error(`a key of type ${privateKey.asymmetricKeyType ?? "unknown"} cannot sign ${alg}`);
  }
  const publicKey = createPublicKey(privateKey);
  const { kty = "", n, e, crv, x, y } = publicKey.export({ format: "jwk" });
  const publicJwk: PublicJwk = {
    kty,
    ...(n === undefined ? {} : { n }),
    ...(e === undefined ? {} : { e }),
    ...(crv === undefined ? {} : { crv }),
    ...(x === undefined ? {} : { x }),
    ...(y === undefined ? {} : { y }),
  };
  return { kid: await calculateJwkThumbprint(publicJwk), alg, publicJwk, publicKey, privateKey };
}
