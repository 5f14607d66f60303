import type { TenantVault } from "../../vault/vault.ts";

/** What a refresh token says. */
export interface RefreshToken {
  readonly tenantId: string;
  /** The grant, whose row is the family. */
  readonly grantId: string;
  /** 1 for the first token of the family. */
  readonly generation: number;
  /** 16 random bytes, new at each rotation. */
  readonly salt: Uint8Array;
}

const prefix = "krt_";
const format = 1;
const versionLength = 4;
const macUse = "refresh-token";
const ulidLength = 26;
const saltLength = 16;
const macLength = 32;

/**
 * Writes a refresh token: `krt_` and, in base64url, key version (4 bytes), format (1), length and text of the tenant id,
 * grant id (26), generation (4), salt (16), and a MAC (32) under that version of the tenant's key over all but the
 * version. Nothing of it is secret but the MAC, so nothing but the row's generation and salt needs to be kept; and the
 * same generation and salt always give the same token, which is what an honest retry receives.
 */
export function writeRefreshToken(vault: TenantVault, token: RefreshToken): string {
  const tenant = Buffer.from(token.tenantId, "utf8");
  const body = Buffer.alloc(2 + tenant.length + ulidLength + 4 + saltLength);
  body.writeUInt8(format, 0);
  body.writeUInt8(tenant.length, 1);
  let at = 2 + tenant.copy(body, 2);
  at += body.write(token.grantId, at, "latin1");
  at = body.writeUInt32BE(token.generation, at);
  body.set(token.salt, at);
  const { keyVersion, mac } = vault.mac(macUse, body);
  const version = Buffer.alloc(versionLength);
  version.writeUInt32BE(keyVersion, 0);
  return prefix + Buffer.concat([version, body, mac]).toString("base64url");
}

/** The version of the tenant's key that a refresh token says it was made by; undefined for what is none. */
export function keyVersionOf(text: string): number | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const head = Buffer.from(text.slice(prefix.length, prefix.length + 8), "base64url");
  return head.length < versionLength ? undefined : head.readUInt32BE(0);
}

/**
 * Reads a refresh token of the vault's tenant and verifies its MAC; undefined for anything else, without a look at the
 * store.
 */
export function readRefreshToken(vault: TenantVault, tenantId: string, text: string): RefreshToken | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const encoded = text.slice(prefix.length);
  const bytes = Buffer.from(encoded, "base64url");
  // One spelling only: no padding, no stray characters, no spare bits.
  if (bytes.toString("base64url") !== encoded || bytes.length < versionLength + 2) return undefined;
  const tenantEnd = 2 + bytes.readUInt8(versionLength + 1);
  const bodyLength = tenantEnd + ulidLength + 4 + saltLength;
  if (bytes.length !== versionLength + bodyLength + macLength) return undefined;
  const body = bytes.subarray(versionLength, versionLength + bodyLength);
  if (body.readUInt8(0) !== format || body.toString("utf8", 2, tenantEnd) !== tenantId) return undefined;
  const mac = bytes.subarray(versionLength + bodyLength);
  if (!vault.verifyMac(macUse, bytes.readUInt32BE(0), body, mac)) return undefined;
  return {
    tenantId,
    grantId: body.toString("latin1", tenantEnd, tenantEnd + ulidLength),
    generation: body.readUInt32BE(tenantEnd + ulidLength),
    salt: body.subarray(tenantEnd + ulidLength + 4),
  };
}
