import { createHmac, hkdfSync, type KeyObject } from "node:crypto";
import { timingSafeEqualBytes, timingSafeEqualText } from "./random.ts";
import { openBox, SealBroken, sealBox, versionOfBox } from "./sealed-box.ts";
import type { TenantVault } from "./vault.ts";

type Purpose = "seal" | "mac" | "hash";

/** Uses are names in our own code, a handful; a caller that makes them up does not fill the memory. */
const mostDerived = 64;

/** The version of a tenant's key that a keyed hash names; undefined when it is none. */
export function versionOfKeyedHash(hash: string): number | undefined {
  const version = /^k(\d{1,10}):/.exec(hash)?.[1];
  return version === undefined ? undefined : Number(version);
}

/**
 * What the versions of one tenant's data key do. `newest` is the one that makes new things: the highest, unless that must
 * wait until every process has come to know it.
 */
export function createTenantVault(
  tenantId: string,
  keys: ReadonlyMap<number, KeyObject>,
  newest = Math.max(...keys.keys()),
): TenantVault {
  const newestFirst = [...keys.keys()].toSorted((a, b) => b - a);
  if (!keys.has(newest)) throw new RangeError(`tenant ${tenantId} has no key`);
  /** By version, purpose and use. As bytes: a keyed hash by a KeyObject takes half as long again. */
  const derived = new Map<number, Readonly<Record<Purpose, Map<string, Uint8Array>>>>();

  /** HKDF separates versions, purposes and uses (RFC 5869). Undefined for a version that there is not. */
  function keyFor(purpose: Purpose, use: string, version: number): Uint8Array | undefined {
    const known = derived.get(version)?.[purpose].get(use);
    if (known !== undefined) return known;
    const key = keys.get(version);
    if (key === undefined) return undefined;
    const made = new Uint8Array(hkdfSync("sha256", key, "", `koder-id ${purpose} v1\0${use}`, 32));
    const ofVersion = derived.get(version) ?? { seal: new Map(), mac: new Map(), hash: new Map() };
    if (ofVersion[purpose].size >= mostDerived) ofVersion[purpose].clear();
    ofVersion[purpose].set(use, made);
    derived.set(version, ofVersion);
    return made;
  }
  function newestKey(purpose: Purpose, use: string): Uint8Array {
    const key = keyFor(purpose, use, newest);
    if (key === undefined) throw new Error(`tenant ${tenantId} has no key ${newest}`);
    return key;
  }
  const hmac = (key: Uint8Array, data: Uint8Array | string) => createHmac("sha256", key).update(data);
  const boxKey = (key: Uint8Array, version: number) => ({ key, version, tenantId });
  function hash(use: string, version: number, secret: string): string | undefined {
    const key = keyFor("hash", use, version);
    return key === undefined ? undefined : `k${version}:${hmac(key, secret).digest("base64url")}`;
  }

  return {
    has: (version) => keys.has(version),
    seal: (place, plaintext) => sealBox(boxKey(newestKey("seal", ""), newest), place, plaintext),
    open(place, sealed) {
      const version = versionOfBox(sealed);
      const key = version === undefined ? undefined : keyFor("seal", "", version);
      if (version === undefined || key === undefined) throw new SealBroken(tenantId, place);
      return openBox(boxKey(key, version), place, sealed);
    },
    mac: (use, data) => ({ keyVersion: newest, mac: hmac(newestKey("mac", use), data).digest() }),
    verifyMac(use, keyVersion, data, mac) {
      const key = keyFor("mac", use, keyVersion);
      return key !== undefined && timingSafeEqualBytes(hmac(key, data).digest(), mac);
    },
    keyedHash: (use, secret) => `k${newest}:${hmac(newestKey("hash", use), secret).digest("base64url")}`,
    keyedHashes: (use, secret) => newestFirst.flatMap((version) => hash(use, version, secret) ?? []),
    verifyKeyedHash(use, expected, secret) {
      const version = versionOfKeyedHash(expected);
      const actual = version === undefined ? undefined : hash(use, version, secret);
      return actual !== undefined && timingSafeEqualText(actual, expected);
    },
  };
}
