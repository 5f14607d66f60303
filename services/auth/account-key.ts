import type { TenantVault } from "../vault/vault.ts";
import { flowUses } from "./flows/flow-secrets.ts";

/** What attempts on an account are counted under: the user, or for a name that nobody has the hash of what it was looked up by. */
export const accountKeyOf = (vault: TenantVault, userId: string, login: string): string =>
  userId || vault.keyedHash(flowUses.account, login.trim().normalize("NFKC").toLowerCase());

/**
 * What attempts on a name are counted under, whether or not anybody has it: the hash of what it was looked up by, exactly. Of
 * names with one key the same user is found, so that no two of them tell apart an account that is there from one that is not.
 */
export const nameKeyOf = (vault: TenantVault, loginKey: string): string => vault.keyedHash(flowUses.name, loginKey);
