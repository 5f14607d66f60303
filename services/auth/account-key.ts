import type { TenantVault } from "../vault/vault.ts";
import { flowUses } from "./flows/flow-secrets.ts";

/** What attempts on an account are counted under: the user, or for a name that nobody has the hash of what was typed. */
export const accountKeyOf = (vault: TenantVault, userId: string, login: string): string =>
  userId || vault.keyedHash(flowUses.account, login.trim().normalize("NFKC").toLowerCase());
