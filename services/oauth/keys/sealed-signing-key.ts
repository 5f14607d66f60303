import { createPublicKey } from "node:crypto";
import type { SigningKey as StoredKey } from "#gen/koder/oauth/store/v1/signing_key_pb.ts";
import { versionOfBox } from "../../vault/sealed-box.ts";
import {
  importSigningKey,
  isSigningAlg,
  publicJwkOf,
  type SigningAlg,
  type SigningKey,
} from "../../vault/signing-key.ts";
import type { TenantVault, Vault } from "../../vault/vault.ts";
import { verificationKey, type VerificationKey } from "../../vault/verify-jwt.ts";
import { signingKeys } from "../collections.ts";

const placeOf = (kid: string, field: "sealed_private_key" | "sealed_public_key") => ({
  collection: signingKeys.name,
  id: kid,
  field,
});

/** Seals the private half of a key, PKCS #8. */
export const sealedPrivateKey = (vault: TenantVault, kid: string, pkcs8: Uint8Array): Uint8Array<ArrayBuffer> =>
  vault.seal(placeOf(kid, "sealed_private_key"), pkcs8);

/** Seals the public half of a key that signs no more, SPKI. */
export const sealedPublicKey = (vault: TenantVault, { kid, publicKey }: VerificationKey): Uint8Array<ArrayBuffer> =>
  vault.seal(placeOf(kid, "sealed_public_key"), publicKey.export({ type: "spki", format: "der" }));

/** The key of a record that still has its private half. Throws SealBroken. */
export async function openPrivateKey(vault: Vault, tenantId: string, record: StoredKey): Promise<SigningKey> {
  const sealed = record.sealedPrivateKey;
  const tenantVault = await vault.tenant(tenantId, versionOfBox(sealed));
  const privateKey = tenantVault.open(placeOf(record.kid, "sealed_private_key"), sealed);
  return importSigningKey({ alg: algOf(record), privateKey });
}

/** The key of a record whose private half was destroyed. Throws SealBroken: what nobody sealed is not published. */
export async function openPublicKey(vault: Vault, tenantId: string, record: StoredKey): Promise<VerificationKey> {
  const sealed = record.sealedPublicKey;
  const tenantVault = await vault.tenant(tenantId, versionOfBox(sealed));
  const spki = tenantVault.open(placeOf(record.kid, "sealed_public_key"), sealed);
  const publicKey = createPublicKey({ key: Buffer.from(spki), type: "spki", format: "der" });
  return verificationKey(record.kid, algOf(record), publicJwkOf(publicKey));
}

/** The algorithm of a stored key. Throws for one that this version does not know. */
export function algOf({ kid, alg }: Pick<StoredKey, "kid" | "alg">): SigningAlg {
  if (isSigningAlg(alg)) return alg;
  throw new Error(`signing key ${kid} is for the unknown algorithm ${JSON.stringify(alg)}`);
}
