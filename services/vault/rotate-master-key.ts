import type { TenantKeySchema } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { everyRecord } from "../store/every-record.ts";
import { Conflict, type Stored, type SystemStore } from "../store/store.ts";
import { replace } from "../store/writes.ts";
import { vaultTenantKeys } from "./collections.ts";
import type { MasterKeys } from "./master-key.ts";
import { MasterKeyMissing, unwrapTenantKey, wrapTenantKey } from "./wrapped-key.ts";
import { SealBroken } from "./sealed-box.ts";

/** What a look at every tenant key found. */
export interface WrappedKeys {
  /** How many there are. */
  readonly total: number;
  /** Ids of those that another than the first master key wraps. */
  readonly behind: readonly string[];
  /** Why some do not open: a sentence each. */
  readonly broken: readonly string[];
}

/** Told after each part: how many are done of how many. It may stop the work by rejecting. */
export type Tell = (done: number, total: number) => Promise<void>;

const pageSize = 200;
/** Keys that are wrapped at a time. */
const batch = 50;

/** Opens every tenant key and sees which master key wraps it. `onPage` is called now and then; where it rejects, it ends. */
export async function inspectTenantKeys(
  system: SystemStore,
  masterKeys: MasterKeys,
  onPage: () => Promise<void> = async () => undefined,
): Promise<WrappedKeys> {
  let total = 0;
  const [behind, broken]: string[][] = [[], []];
  for await (const stored of tenantKeys(system)) {
    total += 1;
    const problem = problemOf(masterKeys, stored);
    if (problem !== undefined) broken?.push(problem);
    else if (stored.record.masterKeyId !== masterKeys[0].id) behind?.push(vaultTenantKeys.id(stored.record));
    if (total % pageSize === 0) await onPage();
  }
  return { total, behind: behind ?? [], broken: broken ?? [] };
}

/**
 * Wraps tenant keys by the first master key, those that `ids` names, and answers how many it did. What another process
 * changed meanwhile is looked at again; what it removed is left. Safe to repeat, and to end at any point.
 */
export async function wrapAgain(
  system: SystemStore,
  masterKeys: MasterKeys,
  ids: readonly string[],
  tell: Tell,
): Promise<number> {
  let wrapped = 0;
  for (let at = 0; at < ids.length; at += batch) {
    const part = await Promise.all(ids.slice(at, at + batch).map((id) => wrapOne(system, masterKeys, id)));
    wrapped += part.filter(Boolean).length;
    await tell(Math.min(at + batch, ids.length), ids.length);
  }
  return wrapped;
}

async function wrapOne(system: SystemStore, masterKeys: MasterKeys, id: string): Promise<boolean> {
  const [masterKey] = masterKeys;
  for (;;) {
    const stored = await system.get(vaultTenantKeys, id);
    if (stored === undefined || stored.record.masterKeyId === masterKey.id) return false;
    const { tenantId, version, createTime, activateTime } = stored.record;
    const bytes = unwrap(masterKeys, stored);
    const record = wrapTenantKey({ masterKey, tenantId, version, bytes, createTime, activateTime });
    try {
      await system.commit([replace(vaultTenantKeys, record, stored.version)], []);
      return true;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
}

/** Every tenant key, by its id. */
export const tenantKeys = (system: SystemStore): AsyncGenerator<Stored<typeof TenantKeySchema>> =>
  everyRecord(system, vaultTenantKeys, { index: "id", limit: pageSize });

function unwrap(masterKeys: MasterKeys, { record }: Stored<typeof TenantKeySchema>): Uint8Array {
  const { tenantId, masterKeyId } = record;
  const masterKey = masterKeys.find(({ id }) => id === masterKeyId);
  if (masterKey === undefined) throw new MasterKeyMissing(tenantId, masterKeyId);
  return unwrapTenantKey({ masterKey, tenantId, record });
}

function problemOf(masterKeys: MasterKeys, stored: Stored<typeof TenantKeySchema>): string | undefined {
  try {
    unwrap(masterKeys, stored);
    return undefined;
  } catch (error) {
    if (error instanceof MasterKeyMissing || error instanceof SealBroken) return error.message;
    throw error;
  }
}
