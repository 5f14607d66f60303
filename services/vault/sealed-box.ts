import { createCipheriv, createDecipheriv, hkdfSync, randomFillSync, type KeyObject } from "node:crypto";
import { lengthPrefixed } from "./length-prefixed.ts";

/** Where a sealed value belongs. It opens nowhere else. */
export interface Place {
  readonly collection: string;
  readonly id: string;
  readonly field: string;
}

/** The key that seals and what is bound to it: a box opens under the same key, version and tenant. */
export interface BoxKey {
  readonly key: KeyObject | Uint8Array;
  /** 32 bits, unsigned. */
  readonly version: number;
  readonly tenantId: string;
}

/** A sealed value that is damaged, belongs elsewhere, or was sealed by a key that is gone. Never says what was in it. */
export class SealBroken extends Error {
  override readonly name = "SealBroken";
  readonly tenantId: string;
  readonly place: Place;
  constructor(tenantId: string, place: Place) {
    super(`the sealed ${place.collection}.${place.field} of ${place.id} (tenant ${tenantId}) does not open`);
    this.tenantId = tenantId;
    this.place = place;
  }
}

const format = 1;
const saltLength = 24;
const tagLength = 16;
const headerLength = 5 + saltLength;
const algorithm = "aes-256-gcm";

/**
 * AES-256-GCM under a key and nonce of their own for each seal, derived by HKDF from the box key and a random 192-bit salt.
 * Random 96-bit nonces under one key would have to stop at 2^32 seals (NIST SP 800-38D §8.3), which nobody would count;
 * salts of this length do not meet. Layout: format (1 byte), key version (4), salt (24), ciphertext, tag (16). The
 * associated data name tenant, collection, id, field and key version.
 */
export function sealBox({ key, version, tenantId }: BoxKey, place: Place, plaintext: Uint8Array) {
  const sealed = new Uint8Array(headerLength + plaintext.length + tagLength);
  sealed[0] = format;
  new DataView(sealed.buffer).setUint32(1, version);
  const salt = randomFillSync(sealed.subarray(5, headerLength));
  const { subkey, nonce } = derive(key, salt);
  const cipher = createCipheriv(algorithm, subkey, nonce);
  cipher.setAAD(associatedData(tenantId, place, version));
  sealed.set(cipher.update(plaintext), headerLength);
  cipher.final(); // of no length: GCM holds nothing back
  sealed.set(cipher.getAuthTag(), headerLength + plaintext.length);
  return sealed;
}

/** The key version that sealed a value; undefined when it is no sealed value. */
export function versionOfBox(sealed: Uint8Array): number | undefined {
  if (sealed.length < headerLength + tagLength || sealed[0] !== format) return undefined;
  return new DataView(sealed.buffer, sealed.byteOffset).getUint32(1);
}

/** Opens what `sealBox` sealed for this place with this key. Throws SealBroken for anything else. */
export function openBox({ key, version, tenantId }: BoxKey, place: Place, sealed: Uint8Array) {
  if (versionOfBox(sealed) !== version) throw new SealBroken(tenantId, place);
  const { subkey, nonce } = derive(key, sealed.subarray(5, headerLength));
  const decipher = createDecipheriv(algorithm, subkey, nonce, { authTagLength: tagLength });
  decipher.setAAD(associatedData(tenantId, place, version));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
  const plaintext = new Uint8Array(sealed.length - headerLength - tagLength);
  plaintext.set(decipher.update(sealed.subarray(headerLength, sealed.length - tagLength)));
  try {
    decipher.final();
  } catch {
    throw new SealBroken(tenantId, place); // the cause would only say that the tag is wrong
  }
  return plaintext;
}

const associatedData = (tenantId: string, { collection, id, field }: Place, version: number): Buffer =>
  lengthPrefixed(tenantId, collection, id, field, String(version));

function derive(key: BoxKey["key"], salt: Uint8Array): { subkey: Uint8Array; nonce: Uint8Array } {
  const bytes = new Uint8Array(hkdfSync("sha256", key, salt, "koder-id seal v1", 44));
  return { subkey: bytes.subarray(0, 32), nonce: bytes.subarray(32) };
}
