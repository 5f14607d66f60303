import { createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { TenantKey } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { checkTenantId, systemTenant } from "../store/check-input.ts";
import { Conflict, type SystemStore } from "../store/store.ts";
import { insert, replace } from "../store/writes.ts";
import { vaultTenantKeys } from "./collections.ts";
import type { MasterKey, MasterKeys } from "./master-key.ts";
import type { Place } from "./sealed-box.ts";
import { createTenantVault } from "./tenant-vault.ts";
import { MasterKeyMissing, unwrapTenantKey, wrapTenantKey } from "./wrapped-key.ts";

/** The keys of all tenants. */
export interface Vault {
  /**
   * The keys of one tenant; made at its first use, so only for tenants that exist. `system` has its own. `needed` is a
   * version that the caller is about to use, as a sealed value, a MAC or a keyed hash names it: where it is not among the
   * keys that are known, they are read anew, at most once a second. Rejects with a RangeError for what is no tenant id, and
   * with the store's error when the keys cannot be read.
   */
  tenant(tenantId: string, needed?: number): Promise<TenantVault>;
}

/** What the keys of one tenant do. Nothing of it waits: it stands on request paths and costs microseconds. */
export interface TenantVault {
  /** Whether there is this version of the tenant's key. */
  has(version: number): boolean;
  /** Seals a value for one place (AES-256-GCM); it opens there and nowhere else. */
  seal(place: Place, plaintext: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Opens a sealed value. Throws SealBroken. */
  open(place: Place, sealed: Uint8Array): Uint8Array<ArrayBuffer>;
  /** HMAC-SHA-256 under a key of this use alone, by the version of the tenant's key that makes new things. */
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
/** Between two readings for something that is not known, in milliseconds. */
const rereadAfter = 1_000;
const mostLooked = 1_000;

/** A tenant's keys as they are kept open. */
interface Kept {
  readonly readAt: number;
  readonly vault: Promise<TenantVault>;
}

/** How long a process keeps a tenant's keys open without looking whether there are new ones, in milliseconds. */
export const keptOpen = 60_000;

/**
 * The vault over the wrapped keys in the system store. `clock` in milliseconds. The keys of the `mostOpen` tenants used
 * last are kept open, each for `openFor` milliseconds: a key made or destroyed elsewhere is noticed by then. First uses at
 * the same time, in one process or several, make exactly one key, because its record is inserted if absent.
 * `readMasterKeys` reads their file again, where it may have changed since `masterKeys` were read from it.
 */
export function createVault({
  masterKeys,
  readMasterKeys,
  system,
  clock,
  mostOpen = 1_000,
  openFor = keptOpen,
}: {
  readonly masterKeys: MasterKeys;
  readonly readMasterKeys?: () => Promise<MasterKeys>;
  readonly system: SystemStore;
  readonly clock: () => number;
  readonly mostOpen?: number;
  readonly openFor?: number;
}): Vault {
  const open = new Map<string, Kept>();
  let known = masterKeys;
  const looked = new Map<string, { readonly at: number; readonly reading: Promise<unknown> }>();

  async function load(tenantId: string): Promise<TenantVault> {
    if (tenantId !== systemTenant) checkTenantId(tenantId);
    try {
      return await read(tenantId);
    } catch (error) {
      // Wrapped again, and the old master key removed, between the two readings.
      if (error instanceof MasterKeyMissing) return read(tenantId);
      throw error;
    }
  }

  async function read(tenantId: string): Promise<TenantVault> {
    const page = await system.page(vaultTenantKeys, { index: "tenant_id", equals: tenantId, limit: mostVersions });
    const records = page.items.length > 0 ? page.items.map(({ record }) => record) : [await first(tenantId)];
    const keys = await Promise.all(
      records.map(async (record) => [record.version, await unwrap(tenantId, record)] as const),
    );
    return createTenantVault(tenantId, new Map(keys), newestInUse(records, clock()));
  }

  async function currentMasterKey(): Promise<MasterKey> {
    if (readMasterKeys !== undefined) known = await readMasterKeys();
    return known[0];
  }

  /** Where the master key is rotated at the same moment, the new key is wrapped again: the old one may be gone any time. */
  async function first(tenantId: string): Promise<TenantKey> {
    const bytes = randomBytes(32);
    const createTime = timestampFromMs(clock());
    const wrap = (masterKey: MasterKey) => wrapTenantKey({ masterKey, tenantId, version: 1, bytes, createTime });
    let record = wrap(await currentMasterKey());
    try {
      await system.commit([insert(vaultTenantKeys, record)], []);
      for (let version = 1; ; version += 1) {
        const now = await currentMasterKey();
        if (now.id === record.masterKeyId) return record;
        record = wrap(now);
        await system.commit([replace(vaultTenantKeys, record, version)], []);
      }
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const winner = await system.get(vaultTenantKeys, vaultTenantKeys.id(record));
      if (winner === undefined) {
        throw new Error(`the first key of tenant ${tenantId} is neither there nor absent`, { cause: error });
      }
      return winner.record;
    }
  }

  /** A master key that is not known may be new: its file is read again, at most once a second for each. */
  async function masterKeyOf(id: string): Promise<MasterKey | undefined> {
    const find = () => known.find((one) => one.id === id);
    const found = find();
    if (found !== undefined || readMasterKeys === undefined) return found;
    let look = looked.get(id);
    if (look === undefined || hasPassed(rereadAfter, look.at, clock())) {
      if (looked.size >= mostLooked) looked.clear();
      look = { at: clock(), reading: readMasterKeys().then((keys) => (known = keys)) };
      looked.set(id, look);
    }
    await look.reading;
    return find();
  }

  /** By the tenant that was asked for, not the one that the record names: another tenant's record does not open. */
  async function unwrap(tenantId: string, record: TenantKey): Promise<KeyObject> {
    const masterKey = await masterKeyOf(record.masterKeyId);
    if (masterKey === undefined) throw new MasterKeyMissing(tenantId, record.masterKeyId);
    return createSecretKey(unwrapTenantKey({ masterKey, tenantId, record }));
  }

  function reopen(tenantId: string): Promise<TenantVault> {
    const vault = load(tenantId);
    open.delete(tenantId);
    open.set(tenantId, { readAt: clock(), vault });
    // A failure is not kept.
    vault.catch(() => open.get(tenantId)?.vault === vault && open.delete(tenantId));
    const [oldest] = open.keys();
    if (open.size > mostOpen && oldest !== undefined) open.delete(oldest);
    return vault;
  }

  async function withVersion(tenantId: string, kept: Kept, needed: number): Promise<TenantVault> {
    const vault = await kept.vault;
    if (vault.has(needed) || !hasPassed(rereadAfter, kept.readAt, clock())) return vault;
    // Of many that miss it at once, the first has the keys read anew for all.
    const now = open.get(tenantId);
    return now === undefined || now === kept ? reopen(tenantId) : now.vault;
  }

  function openVault(tenantId: string): Kept | undefined {
    const kept = open.get(tenantId);
    if (kept === undefined || hasPassed(openFor, kept.readAt, clock())) return undefined;
    // Moved to the end: the first of the map is the one that was used least recently.
    open.delete(tenantId);
    open.set(tenantId, kept);
    return kept;
  }

  return {
    tenant(tenantId, needed) {
      const kept = openVault(tenantId);
      if (kept === undefined) return reopen(tenantId);
      return needed === undefined ? kept.vault : withVersion(tenantId, kept, needed);
    },
  };
}

/** Whether so many milliseconds have passed; also where the clock was ahead then, and was set right since. */
const hasPassed = (length: number, since: number, now: number): boolean => now - since >= length || now < since;

/** The version that makes new things: the highest whose time has come. */
function newestInUse(records: readonly TenantKey[], now: number): number {
  const inUse = records.filter(({ activateTime }) => activateTime === undefined || timestampMs(activateTime) <= now);
  const versions = records.map(({ version }) => version);
  // None yet, by a clock that is behind: the oldest is the one that the others know.
  return inUse.length === 0 ? Math.min(...versions) : Math.max(...inUse.map(({ version }) => version));
}
