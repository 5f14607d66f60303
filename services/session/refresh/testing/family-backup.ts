import type { BulkRow } from "../../../store/bulk-store.ts";
import type { Store } from "../../../store/store.ts";
import { sessionCollections } from "../../collections.ts";

/** The rows of a tenant in every collection of the session service, as they were. */
export type Backup = ReadonlyMap<string, readonly BulkRow[]>;

/** Copies them. A test's tenant has fewer than a thousand of each. */
export async function backUp(store: Store, tenantId: string): Promise<Backup> {
  const read = async (name: string) => {
    const rows = await store.bulk().rows(name, { tenantId, key: "" }, 1_000);
    return [name, rows.filter((row) => row.tenantId === tenantId)] as const;
  };
  return new Map(await Promise.all(sessionCollections.map(({ name }) => read(name))));
}

/** Puts everything back as it was, versions included, and nothing else remains. */
export async function restore(store: Store, tenantId: string, backup: Backup): Promise<void> {
  for (const collection of sessionCollections) {
    await store.tenant(tenantId).deleteRange(collection, 1_000);
    const rows = backup.get(collection.name) ?? [];
    if (rows.length > 0) await store.bulk().insert(collection.name, rows);
  }
}
