import type { TenantVault } from "../../vault/vault.ts";

/** Names the keyed hashes of a flow's id, its browser, a login name that nobody has, and what a flow comes to. */
export const flowUses = {
  id: "flow-id",
  browser: "flow-browser",
  account: "flow-account",
  loginHandle: "login-handle",
} as const;

/** The browser of a flow, as it is kept. */
export const browserHash = (vault: TenantVault, browserToken: string): string =>
  vault.keyedHash(flowUses.browser, browserToken);
