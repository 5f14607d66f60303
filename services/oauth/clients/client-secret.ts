import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { TenantVault } from "../../vault/vault.ts";

/** Names the keyed hash under which a client's secret is kept. */
export const clientSecretUse = "client-secret";

/** Whether a secret is one of the client's, in constant time for each. */
export function isClientSecret(vault: TenantVault, client: Client, secret: string): boolean {
  // Every hash is compared, so that the time does not say which one fits.
  return client.secretHashes.filter((hash) => vault.verifyKeyedHash(clientSecretUse, hash, secret)).length > 0;
}
