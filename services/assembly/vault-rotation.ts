import { findTenant } from "../admin/tenants/find-tenant.ts";
import type { Config } from "../host/config.ts";
import { systemTenant } from "../store/check-input.ts";
import { openStore } from "../store/open-store.ts";
import type { SystemStore } from "../store/store.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { loadMasterKeys, newMasterKey, replaceMasterKeys, type MasterKeys } from "../vault/master-key.ts";
import { ulid } from "../vault/random.ts";
import { inspectTenantKeys, wrapAgain, type WrappedKeys } from "../vault/rotate-master-key.ts";
import { rotateTenantKeys, type RotatedTenantKeys } from "../vault/rotate-tenant-keys.ts";
import { takeRotationLease, type RotationLease } from "../vault/rotation-lease.ts";
import { allCollections } from "./data.ts";

/** How a part of the work is told: what is done, and how far. */
export type TellPart = (part: "wrapped" | "versions added", done: number, total: number) => void;

/** What a rotation of the master key did. */
export interface MasterKeyRotated {
  /** Id of the master key that wraps every tenant key now. */
  readonly masterKey: string;
  /** Whether this call made it. */
  readonly isNew: boolean;
  /** How many tenant keys there are, and how many this call wrapped. */
  readonly keys: number;
  readonly wrapped: number;
  /** Ids of the other master keys that are still in the file, and of those that were removed from it. */
  readonly kept: readonly string[];
  readonly retired: readonly string[];
}

/** Rotation of the vault's keys, by a program of its own beside the servers. */
export interface VaultRotation {
  /** Puts a new master key behind the one in the file, where it wraps nothing yet. Answers its id. */
  prepareMasterKey(): Promise<string>;
  /**
   * Has a new master key wrap every tenant key, or the one of this id that is in the file; where the file has several and
   * none is named, goes on with the rotation that it tells of. With `retire` no key is made, and once all are wrapped by
   * the first, the others are removed from the file.
   */
  rotateMasterKey(options: { readonly to?: string | undefined; readonly retire: boolean }): Promise<MasterKeyRotated>;
  /**
   * Adds a version to the keys of these tenants, by id or slug, or of all. Lengths in milliseconds; a version waits for as long as
   * is safe where `useAfter` is undefined.
   */
  rotateTenantKeys(options: {
    readonly tenants: readonly string[];
    readonly olderThan: number;
    readonly useAfter: number | undefined;
  }): Promise<RotatedTenantKeys>;
}

/**
 * Opens store and master key file as a server does, holds the lease that lets one rotation happen at a time, and runs `work`.
 * Every method may be ended at any point and repeated. Throws where no server has been at work on the store: in an empty one
 * no key needs those that a retirement removes, but in the one that was meant all of them may.
 */
export async function withVaultRotation<Result>(
  config: Pick<Config, "store" | "masterKeyFile">,
  tell: TellPart,
  work: (rotation: VaultRotation) => Promise<Result>,
): Promise<Result> {
  if (config.store === "memory:") throw new Error("the memory store has no keys that outlive their process");
  const clock = Date.now;
  const store = await openStore({ url: config.store, collections: allCollections, clock });
  try {
    const system = store.system();
    const { items } = await system.page(vaultTenantKeys, { index: "id", limit: 1 });
    if (items.length === 0) {
      throw new Error(
        "the store has no tenant keys: name the one that the servers have, in KODER_ID_STORE or KODER_ID_DATA",
      );
    }
    const lease = await takeRotationLease({ system, holder: ulid(clock()), clock });
    try {
      return await work(vaultRotation({ file: config.masterKeyFile, system, lease, clock, tell }));
    } finally {
      await lease.release();
    }
  } finally {
    await store.close();
  }
}

function vaultRotation({
  file,
  system,
  lease,
  clock,
  tell,
}: {
  readonly file: string;
  readonly system: SystemStore;
  readonly lease: RotationLease;
  readonly clock: () => number;
  readonly tell: TellPart;
}): VaultRotation {
  const load = () => loadMasterKeys({ file, mayCreate: false });
  /** Nobody else writes the file meanwhile: the lease has just been renewed. */
  async function write(keys: MasterKeys): Promise<MasterKeys> {
    await lease.renew();
    await replaceMasterKeys(file, keys);
    return load();
  }
  async function inspect(keys: MasterKeys): Promise<WrappedKeys> {
    const found = await inspectTenantKeys(system, keys, () => lease.renew());
    const [broken] = found.broken;
    if (broken !== undefined) {
      throw new Error(`${found.broken.length} of ${found.total} tenant keys do not open, the first: ${broken}`);
    }
    return found;
  }

  /** Wraps what is behind until nothing is: servers may make keys at the same time. Answers how many there are. */
  async function wrapAll(keys: MasterKeys): Promise<{ readonly total: number; readonly wrapped: number }> {
    let wrapped = 0;
    for (;;) {
      const { behind, total } = await inspect(keys);
      if (behind.length === 0) return { total, wrapped };
      wrapped += await wrapAgain(system, keys, behind, async (done, of) => {
        tell("wrapped", done, of);
        await lease.renew();
      });
    }
  }

  async function tenantId(idOrSlug: string): Promise<string> {
    if (idOrSlug === systemTenant) return idOrSlug;
    const found = await findTenant(system, idOrSlug);
    if (found === undefined) throw new Error(`no tenant has the id or name ${idOrSlug}`);
    return found.record.id;
  }

  return {
    async prepareMasterKey() {
      const [first, ...others] = await load();
      if (others.length > 0) throw new Error("the master key file has several keys; retire the old ones first");
      const made = newMasterKey();
      await write([first, made]);
      return made.id;
    },
    async rotateMasterKey({ to, retire }) {
      const before = await load();
      // Nothing is begun that could not be finished.
      await inspect(before);
      const begins = to === undefined && !retire && before.length === 1;
      const wanted: MasterKeys = begins ? [newMasterKey(), ...before] : inFront(before, to);
      const isChanged = wanted[0].id !== before[0].id;
      const keys = isChanged ? await write(wanted) : before;
      const { total, wrapped } = await wrapAll(keys);
      const [first, ...others] = keys;
      const ids = others.map(({ id }) => id);
      const done = { masterKey: first.id, isNew: begins, keys: total, wrapped };
      if (!retire || others.length === 0) return { ...done, kept: ids, retired: [] };
      await write([first]);
      // What a server wrapped in the last moment is still opened by the keys in our hand.
      const last = await wrapAll(keys);
      return { ...done, keys: last.total, wrapped: wrapped + last.wrapped, kept: [], retired: ids };
    },
    async rotateTenantKeys({ tenants: named, olderThan, useAfter }) {
      const only = named.length === 0 ? undefined : await Promise.all(named.map(tenantId));
      return rotateTenantKeys(
        {
          system,
          masterKeys: await load(),
          clock,
          olderThan,
          useAfter,
          tell: async (done, total) => {
            tell("versions added", done, total);
            await lease.renew();
          },
        },
        only,
      );
    },
  };
}

function inFront(keys: MasterKeys, id: string | undefined): MasterKeys {
  if (id === undefined) return keys;
  const chosen = keys.find((key) => key.id === id);
  if (chosen === undefined) throw new Error(`the master key file has no key ${id}`);
  return [chosen, ...keys.filter((key) => key !== chosen)];
}
