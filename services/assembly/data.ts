import { adminCollections } from "../admin/collections.ts";
import { authCollections } from "../auth/collections.ts";
import type { Config } from "../host/config.ts";
import { logReaders } from "../host/event-log/log-reader.ts";
import { identityCollections } from "../identity/collections.ts";
import { oauthCollections } from "../oauth/collections.ts";
import { sessionCollections } from "../session/collections.ts";
import { refuseUnfinishedCopy, storeCopies } from "../store/copy/store-copies.ts";
import { openStore } from "../store/open-store.ts";
import type { Collection, Store } from "../store/store.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { loadMasterKeys } from "../vault/master-key.ts";
import { loadPepper, type Pepper } from "../vault/pepper.ts";
import { createVault, type Vault } from "../vault/vault.ts";

/** Everything that is stored. A process declares all of it, whichever services it serves: they share one store. */
export const allCollections: readonly Collection[] = [
  ...identityCollections,
  ...authCollections,
  ...oauthCollections,
  ...sessionCollections,
  ...adminCollections,
  vaultTenantKeys,
  logReaders,
  storeCopies,
];

/** Where services keep their data and their secrets. */
export interface Data {
  readonly store: Store;
  readonly vault: Vault;
  /** What is mixed into passwords, where there is one. */
  readonly pepper: Pepper | undefined;
}

/**
 * Opens the store, and the vault over it. A wrong master key stops the start, not the first request; so do a pepper
 * that cannot be read and a store into which another one is being copied.
 */
export async function openData(
  config: Pick<Config, "store" | "masterKeyFile" | "passwordPepperFile" | "services">,
  clock: () => number,
): Promise<Data> {
  const needsPepper = config.passwordPepperFile !== undefined && config.services.includes("identity");
  const pepper = needsPepper ? await loadPepper(config.passwordPepperFile) : undefined;
  const store = await openStore({ url: config.store, collections: allCollections, clock });
  try {
    await refuseUnfinishedCopy(store);
    return { store, vault: await openVault(config, store, clock), pepper };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openVault(
  { masterKeyFile }: Pick<Config, "masterKeyFile">,
  store: Store,
  clock: () => number,
): Promise<Vault> {
  const system = store.system();
  // A key is made for an empty store only: one that came too late would hide that the right one is lost.
  const { items } = await system.page(vaultTenantKeys, { index: "id", limit: 1 });
  const masterKeys = await loadMasterKeys({ file: masterKeyFile, mayCreate: items.length === 0 });
  const readMasterKeys = () => loadMasterKeys({ file: masterKeyFile, mayCreate: false });
  const vault = createVault({ masterKeys, readMasterKeys, system, clock });
  await vault.tenant(system.tenantId);
  return vault;
}
