import { randomBytes } from "node:crypto";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { commitUnlessChanged } from "../store/commit-unless-changed.ts";
import type { SystemStore } from "../store/store.ts";
import { insert } from "../store/writes.ts";
import { vaultTenantKeys } from "./collections.ts";
import type { MasterKeys } from "./master-key.ts";
import { tenantKeys, type Tell } from "./rotate-master-key.ts";
import { keptOpen } from "./vault.ts";
import { wrapTenantKey } from "./wrapped-key.ts";

/**
 * How long a new version waits before it makes new things, in milliseconds: twice as long as a process keeps keys open
 * without looking, so that every one knows it by then, whose clock may be a minute off and whose requests may take a while.
 * Values are looked up by keyed hashes that do not say which version made them: a process must know it before.
 */
const waitsUnlessTold = 2 * keptOpen;

/** Versions that are added at a time. */
const batch = 50;

/** The newest version of a tenant's key. */
interface Newest {
  readonly tenantId: string;
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createTime: number;
}

/** How versions are added; lengths in milliseconds. */
export interface TenantKeyRotation {
  readonly system: SystemStore;
  readonly masterKeys: MasterKeys;
  readonly clock: () => number;
  /** A tenant whose newest version is younger is left alone: a rotation that was interrupted can so be repeated. */
  readonly olderThan: number;
  /** How long the new version waits before it makes new things; undefined for as long as is safe. */
  readonly useAfter: number | undefined;
  readonly tell: Tell;
}

/** What was done. */
export interface RotatedTenantKeys {
  readonly rotated: number;
  /** Tenants whose newest version was young. */
  readonly young: number;
}

/** Adds a version to the keys of these tenants, or of all. Rejects with a sentence for a tenant that has no key. */
export async function rotateTenantKeys(
  { system, masterKeys, clock, olderThan, useAfter = waitsUnlessTold, tell }: TenantKeyRotation,
  only?: readonly string[],
): Promise<RotatedTenantKeys> {
  const newest = await newestVersions(system);
  const unknown = only?.find((tenantId) => !newest.has(tenantId));
  if (unknown !== undefined) throw new Error(`the tenant ${unknown} has no key: it is unknown, or was never used`);
  const chosen = [...newest.values()].filter(({ tenantId }) => only === undefined || only.includes(tenantId));
  const due = chosen.filter(({ createTime }) => clock() - createTime >= olderThan);
  let rotated = 0;
  for (let at = 0; at < due.length; at += batch) {
    const part = await Promise.all(due.slice(at, at + batch).map(addVersion));
    rotated += part.filter(Boolean).length;
    await tell(Math.min(at + batch, due.length), due.length);
  }
  return { rotated, young: chosen.length - rotated };

  async function addVersion({ tenantId, version: before }: Newest): Promise<boolean> {
    const now = clock();
    const record = wrapTenantKey({
      masterKey: masterKeys[0],
      tenantId,
      version: before + 1,
      bytes: randomBytes(32),
      createTime: timestampFromMs(now),
      activateTime: timestampFromMs(now + useAfter),
    });
    return commitUnlessChanged(system, [insert(vaultTenantKeys, record)]); // or somebody else added it
  }
}

async function newestVersions(system: SystemStore): Promise<ReadonlyMap<string, Newest>> {
  const newest = new Map<string, Newest>();
  for await (const { record } of tenantKeys(system)) {
    const { tenantId, version, createTime } = record;
    if ((newest.get(tenantId)?.version ?? 0) < version) {
      newest.set(tenantId, { tenantId, version, createTime: createTime === undefined ? 0 : timestampMs(createTime) });
    }
  }
  return newest;
}
