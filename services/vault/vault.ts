import { createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TenantKeySchema, type TenantKey } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { checkTenantId, systemTenant } from "../store/check-input.ts";
import { Conflict, type SystemStore } from "../store/store.ts";
import { insert } from "../store/writes.ts";
import { vaultTenantKeys } from "./collections.ts";
import type { MasterKeys } from "./master-key.ts";
import { openBox, sealBox, type Place } from "./sealed-box.ts";
import { createTenantVault } from "./tenant-vault.ts";

/** The keys of all tenants. */
export interface Vault {
  /**
   * The keys of one tenant; made at its first use, so only for tenants that exist. `system` has its own. Rejects with a
   * RangeError for what is no tenant id, and with the store's error when the keys cannot be read.
   */
  tenant(tenantId: string): Promise<TenantVault>;
}

/** What the keys of one tenant do. Nothing of it waits: it stands on request paths and costs microseconds. */
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

const mostVersions = 1_000;

/**
 * The vault over the wrapped keys in the system store. `clock` in milliseconds. The keys of the `mostOpen` tenants used
 * last are kept open, each for `openFor` milliseconds: a key made or destroyed elsewhere is noticed by then. First uses at
 * the same time, in one process or several, make exactly one key, because its record is inserted if absent.
 */
export function createVault({
  masterKeys,
  system,
  clock,
  mostOpen = 1_000,
  openFor = 60_000,
}: {
  readonly masterKeys: MasterKeys;
  readonly system: SystemStore;
  readonly clock: () => number;
  readonly mostOpen?: number;
  readonly openFor?: number;
}): Vault {
  const open = new Map<string, { readonly until: number; readonly vault: Promise<TenantVault> }>();

  async function load(tenantId: string): Promise<TenantVault> {
    if (tenantId !== systemTenant) checkTenantId(tenantId);
    const page = await system.page(vaultTenantKeys, { index: "tenant_id", equals: tenantId, limit: mostVersions });
    const records = page.items.length > 0 ? page.items.map(({ record }) => record) : [await first(tenantId)];
    return createTenantVault(tenantId, new Map(records.map((record) => [record.version, unwrap(tenantId, record)])));
  }

  async function first(tenantId: string): Promise<TenantKey> {
    const version = 1;
    const [{ id, key }] = masterKeys;
    const record = create(TenantKeySchema, {
      tenantId,
      version,
      masterKeyId: id,
      wrappedKey: sealBox({ key, version, tenantId }, placeOf(tenantId, version), randomBytes(32)),
      createTime: timestampFromMs(clock()),
    });
    try {
      await system.commit([insert(vaultTenantKeys, record)], []);
      return record;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const winner = await system.get(vaultTenantKeys, vaultTenantKeys.id(record));
      if (winner === undefined) {
        throw new Error(`the first key of tenant ${tenantId} is neither there nor absent`, { cause: error });
      }
      return winner.record;
    }
  }

  /** By the tenant that was asked for, not the one that the record names: another tenant's record does not open. */
  function unwrap(tenantId: string, { version, masterKeyId, wrappedKey }: TenantKey): KeyObject {
    const master = masterKeys.find(({ id }) => id === masterKeyId);
    if (master === undefined) {
      throw new Error(
        `the key of tenant ${tenantId} was wrapped by the master key ${masterKeyId}, which is not in the master key file`,
      );
    }
    return createSecretKey(openBox({ key: master.key, version, tenantId }, placeOf(tenantId, version), wrappedKey));
  }

  function reopen(tenantId: string): Promise<TenantVault> {
    const vault = load(tenantId);
    open.delete(tenantId);
    open.set(tenantId, { until: clock() + openFor, vault });
    // A failure is not kept.
    vault.catch(() => open.get(tenantId)?.vault === vault && open.delete(tenantId));
    const [oldest] = open.keys();
    if (open.size > mostOpen && oldest !== undefined) open.delete(oldest);
    return vault;
  }

  return {
    tenant(tenantId) {
      const known = open.get(tenantId);
      if (known === undefined || known.until <= clock()) return reopen(tenantId);
      // Moved to the end: the first of the map is the one that was used least recently.
      open.delete(tenantId);
      open.set(tenantId, known);
      return known.vault;
    },
  };
}

const placeOf = (tenantId: string, version: number): Place => ({
  collection: vaultTenantKeys.name,
  id: `${tenantId}/${version}`,
  field: "wrapped_key",
});
