import { allCollections } from "../../services/assembly/data.ts";
import { defaultTenantSlug } from "../../services/admin/tenants/default-tenant.ts";
import { findTenant } from "../../services/admin/tenants/find-tenant.ts";
import { loadConfig } from "../../services/host/config.ts";
import { nearestName } from "../../services/host/nearest-name.ts";
import type { Collection, Store, TenantStore } from "../../services/store/store.ts";
import { UsageError, type Arguments, type Terminal } from "./command.ts";
import { openExistingStore } from "./open-existing-store.ts";

/** Options of the commands that show what a store holds. */
export const storedRecordOptions = {
  store: { type: "string" },
  tenant: { type: "string" },
} as const;

/** The collection of a name. Throws UsageError that lists all of them. */
export function collectionNamed(name: string | undefined): Collection {
  const names = allCollections.map((one) => one.name).toSorted();
  const found = allCollections.find((one) => one.name === name);
  if (found !== undefined) return found;
  const near = name === undefined ? undefined : nearestName(name, names);
  const what = name === undefined ? "the name of a collection is missing" : `there is no collection ${name}`;
  const ending = near === undefined ? "." : `; did you mean ${near}?`;
  throw new UsageError(`${what}${ending} There are ${names.join(", ")}`);
}

/**
 * Opens the store that `--store` names, otherwise that of the server's own settings, and gives its part of a tenant: by its
 * id or slug, `system` for what belongs to none, by default the default tenant. Throws a sentence for people.
 */
export async function withTenant<Result>(
  { values }: Arguments,
  { env }: Terminal,
  work: (tenant: TenantStore) => Promise<Result>,
): Promise<Result> {
  const given = values["store"];
  const store = await openExistingStore(typeof given === "string" ? given : loadConfig(env).store);
  try {
    const name = values["tenant"];
    return await work(await tenantNamed(store, typeof name === "string" ? name : defaultTenantSlug));
  } finally {
    await store.close();
  }
}

async function tenantNamed(store: Store, name: string): Promise<TenantStore> {
  const system = store.system();
  if (name === system.tenantId) return system;
  const found = await findTenant(system, name);
  if (found === undefined)
    throw new Error(`there is no tenant ${name}; \`koder-id store list admin_tenants --tenant system\` shows all`);
  return store.tenant(found.record.id);
}

/** When a record ends, for people and machines; null: never. */
export function expiryOf(collection: Collection, record: Parameters<Collection["id"]>[0]): string | null {
  const at = collection.expiresAt?.(record);
  return at === undefined ? null : new Date(at).toISOString();
}
