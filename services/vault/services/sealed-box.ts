import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Where a sealed value belongs. It opens nowhere else. */
export interface Place {
  readonly collection: string;
  readonly id: string;
  readonly field: string;
}

/** A sealed value that is damaged, belongs elsewhere, or was sealed by a key that is gone. Never says what was in it. */
export class SealBroken extends Error {
  override readonly name = "SealBroken";
  constructor(tenantId: string, place: Place) {
    super(`the sealed ${place.collection}.${place.field} of ${place.id} (tenant ${tenantId}) does not open`);
  }
}

const format = 1;
const saltLength = 24;
const tagLength = 16;
const headerLength = 5 + saltLength;

/** Length-prefixed, so that no two lists of parts give the same bytes. */
export function encodeParts(...parts: readonly (string | Uint8Array)[]): Buffer {
  const encoded = parts.flatMap((part) => {
    const bytes = typeof part === "string" ? Buffer.from(part, "utf8") : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(encoded);
}

/**
 * AES-256-GCM under a key of its own for each seal, derived by HKDF from the tenant's key and a random 192-bit salt: the
 * same key and nonce never meet, however much a tenant seals, which random 96-bit nonces under one key do not promise.
 * Layout: format (1 byte), key version (4), salt (24), ciphertext, tag (16). The associated data name tenant, collection,
 * id, field and key version.
 */
export function sealBox(key: Uint8Array, version: number, tenantId: string, place: Place, plaintext: Uint8Array) {
  const header = Buffer.alloc(headerLength);
  header.writeUInt8(format, 0);
  header.writeUInt32BE(version, 1);
  randomBytes(saltLength).copy(header, 5);
  const { subkey, nonce } = derive(key, header.subarray(5));
  const cipher = createCipheriv("aes-256-gcm", subkey, nonce);
  cipher.setAAD(associatedData(tenantId, place, version));
  const sealed = Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return new Uint8Array(sealed);
}

/** The key version that sealed a value; undefined when it is no sealed value. */
export function versionOfBox(sealed: Uint8Array): number | undefined {
  if (sealed.length < headerLength + tagLength || sealed[0] !== format) return undefined;
  return new DataView(sealed.buffer, sealed.byteOffset).getUint32(1);
}

/** Opens what `sealBox` sealed for this place with this key. Throws SealBroken for anything else. */
export function openBox(key: Uint8Array, version: number, tenantId: string, place: Place, sealed: Uint8Array) {
  const { subkey, nonce } = derive(key, sealed.subarray(5, headerLength));
  const decipher = createDecipheriv("aes-256-gcm", subkey, nonce, { authTagLength: tagLength });
  decipher.setAAD(associatedData(tenantId, place, version));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
  try {
    const body = sealed.subarray(headerLength, sealed.length - tagLength);
    return new Uint8Array(Buffer.concat([decipher.update(body), decipher.final()]));
  } catch {
    throw new SealBroken(tenantId, place); // the cause would only say that the tag is wrong
  }
}

const associatedData = (tenantId: string, { collection, id, field }: Place, version: number): Buffer =>
  encodeParts(tenantId, collection, id, field, String(version));

function derive(key: Uint8Array, salt: Uint8Array): { subkey: Uint8Array; nonce: Uint8Array } {
  const bytes = new Uint8Array(hkdfSync("sha256", key, salt, "koder-id seal v1", 44));
  return { subkey: bytes.subarray(0, 32), nonce: bytes.subarray(32) };
}
