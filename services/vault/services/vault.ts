import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TenantKeySchema, type TenantKey } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { Conflict, type SystemStore } from "../store/store.ts";
import { insert } from "../store/writes.ts";
import { vaultTenantKeys } from "./collections.ts";
import type { MasterKeys } from "./master-key.ts";
import { openBox, SealBroken, sealBox, versionOfBox, type Place } from "./sealed-box.ts";

/** The keys of all tenants. */
export interface Vault {
  /** The keys of one tenant; made at its first use. `system` has its own. */
  tenant(tenantId: string): Promise<TenantVault>;
}

/** What the keys of one tenant do. Nothing of it waits: it stands on request paths. */
export interface TenantVault {
  /** Seals a value for one place (AES-256-GCM); it opens there and nowhere else. */
  seal(place: Place, plaintext: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Opens a sealed value. Throws SealBroken. */
  open(place: Place, sealed: Uint8Array): Uint8Array<ArrayBuffer>;
  /** HMAC-SHA-256 under a key of this use alone, by the newest version of the tenant's key. */
  mac(use: string, data: Uint8Array): { readonly keyVersion: number; readonly mac: Buffer };
  /** Whether a MAC is good, in constant time; false for a version that there is not. */
  verifyMac(use: string, keyVersion: number, data: Uint8Array, mac: Uint8Array): boolean;
  /** `k<version>:<base64url>`: what is kept of a secret of high entropy, the same at every call. */
  keyedHash(use: string, secret: string): string;
  /** The keyed hashes under every version, newest first: to look up what an older version hashed. */
  keyedHashes(use: string, secret: string): readonly string[];
  /** Whether a keyed hash is this secret's, in constant time. */
  verifyKeyedHash(use: string, hash: string, secret: string): boolean;
}

/** Tenants whose keys are kept open at once, and for how long (ms): a key made elsewhere is seen by then. */
const mostOpen = 1_000;
const openFor = 60_000;

/**
 * The vault over the wrapped keys in the system store. `clock` in milliseconds. A tenant's keys are read once and kept open
 * for a minute; first uses at the same time make exactly one key, because its record is inserted if absent.
 */
export function createVault({
  masterKeys,
  system,
  clock,
}: {
  readonly masterKeys: MasterKeys;
  readonly system: SystemStore;
  readonly clock: () => number;
}): Vault {
  const open = new Map<string, { readonly until: number; readonly vault: Promise<TenantVault> }>();

  async function load(tenantId: string): Promise<TenantVault> {
    const page = await system.page(vaultTenantKeys, { index: "tenant_id", equals: tenantId, limit: 1_000 });
    const records = page.items.length > 0 ? page.items.map(({ record }) => record) : [await first(tenantId)];
    return tenantVault(tenantId, new Map(records.map((record) => [record.version, unwrap(record)])));
  }

  async function first(tenantId: string): Promise<TenantKey> {
    const version = 1;
    const [{ id, key }] = masterKeys;
    const dataKey = randomBytes(32);
    const record = create(TenantKeySchema, {
      tenantId,
      version,
      masterKeyId: id,
      wrappedKey: sealBox(key.export(), version, tenantId, placeOf(tenantId, version), dataKey),
      createTime: timestampFromMs(clock()),
    });
    try {
      await system.commit([insert(vaultTenantKeys, record)], []);
      return record;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const winner = await system.get(vaultTenantKeys, vaultTenantKeys.id(record));
      if (winner === undefined) throw new Error(`the first key of tenant ${tenantId} is neither there nor absent`);
      return winner.record;
    }
  }

  function unwrap({ tenantId, version, masterKeyId, wrappedKey }: TenantKey): Uint8Array {
    const master = masterKeys.find(({ id }) => id === masterKeyId);
    if (master === undefined) {
      throw new Error(
        `the key of tenant ${tenantId} was wrapped by the master key ${masterKeyId}, which is not in the master key file`,
      );
    }
    return openBox(master.key.export(), version, tenantId, placeOf(tenantId, version), wrappedKey);
  }

  return {
    tenant(tenantId) {
      const known = open.get(tenantId);
      if (known !== undefined && known.until > clock()) return known.vault;
      const vault = load(tenantId);
      open.delete(tenantId);
      open.set(tenantId, { until: clock() + openFor, vault });
      // A failure is not kept.
      vault.catch(() => open.get(tenantId)?.vault === vault && open.delete(tenantId));
      const [oldest] = open.keys();
      if (open.size > mostOpen && oldest !== undefined) open.delete(oldest);
      return vault;
    },
  };
}

const placeOf = (tenantId: string, version: number): Place => ({
  collection: vaultTenantKeys.name,
  id: `${tenantId}/${version}`,
  field: "wrapped_key",
});

function tenantVault(tenantId: string, keys: ReadonlyMap<number, Uint8Array>): TenantVault {
  const newestFirst = [...keys.keys()].toSorted((a, b) => b - a);
  const newest = newestFirst[0];
  if (newest === undefined) throw new Error(`tenant ${tenantId} has no key`);
  // Uses are names in our own code: a handful.
  const derived = new Map<string, Uint8Array>();

  /** HKDF separates versions and uses (RFC 5869). Undefined for a version that there is not. */
  function keyFor(purpose: "seal" | "mac" | "hash", use: string, version: number): Uint8Array | undefined {
    const name = `${version}\0${purpose}\0${use}`;
    const known = derived.get(name);
    if (known !== undefined) return known;
    const key = keys.get(version);
    if (key === undefined) return undefined;
    const made = new Uint8Array(hkdfSync("sha256", key, "", `koder-id ${purpose} v1\0${use}`, 32));
    derived.set(name, made);
    return made;
  }
  const hmac = (key: Uint8Array, data: Uint8Array | string) => createHmac("sha256", key).update(data).digest();
  const hash = (use: string, version: number, secret: string): string | undefined => {
    const key = keyFor("hash", use, version);
    return key === undefined ? undefined : `k${version}:${hmac(key, secret).toString("base64url")}`;
  };
  const newestKey = (purpose: "seal" | "mac" | "hash", use: string): Uint8Array => {
    const key = keyFor(purpose, use, newest);
    if (key === undefined) throw new Error(`tenant ${tenantId} has no key ${newest}`);
    return key;
  };

  return {
    seal: (place, plaintext) => sealBox(newestKey("seal", ""), newest, tenantId, place, plaintext),
    open(place, sealed) {
      const version = versionOfBox(sealed);
      const key = version === undefined ? undefined : keyFor("seal", "", version);
      if (version === undefined || key === undefined) throw new SealBroken(tenantId, place);
      return openBox(key, version, tenantId, place, sealed);
    },
    mac: (use, data) => ({ keyVersion: newest, mac: hmac(newestKey("mac", use), data) }),
    verifyMac(use, keyVersion, data, mac) {
      const key = keyFor("mac", use, keyVersion);
      return key !== undefined && mac.length === 32 && timingSafeEqual(hmac(key, data), mac);
    },
    keyedHash: (use, secret) => `k${newest}:${hmac(newestKey("hash", use), secret).toString("base64url")}`,
    keyedHashes: (use, secret) => newestFirst.flatMap((version) => hash(use, version, secret) ?? []),
    verifyKeyedHash(use, expected, secret) {
      const version = /^k(\d{1,9}):/.exec(expected)?.[1];
      const actual = version === undefined ? undefined : hash(use, Number(version), secret);
      if (actual === undefined) return false;
      const [a, b] = [Buffer.from(actual), Buffer.from(expected)];
      return a.length === b.length && timingSafeEqual(a, b);
    },
  };
}
