import type { TenantVault } from "./vault.ts";

/**
 * What is kept under the keyed hash of a secret, whichever version of the tenant's key hashed it, newest first; undefined
 * where nothing is, and for an empty secret. `lookUp` asks for one hash.
 */
export async function findBySecret<Found>(
  vault: Pick<TenantVault, "keyedHashes">,
  use: string,
  secret: string,
  lookUp: (hash: string) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  if (secret === "") return undefined;
  for (const hash of vault.keyedHashes(use, secret)) {
    const found = await lookUp(hash);
    if (found !== undefined) return found;
  }
  return undefined;
}
