import { createSecretKey, randomBytes } from "node:crypto";
import type { Store } from "../../store/store.ts";
import { createVault, type Vault } from "../vault.ts";

/** A vault under a master key that nobody else has, for tests. */
export function testVault(store: Store, clock: () => number): Vault {
  const masterKey = { id: "test", key: createSecretKey(randomBytes(32)) };
  return createVault({ masterKeys: [masterKey], system: store.system(), clock });
}
