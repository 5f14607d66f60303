import type { TenantVault } from "../../vault/vault.ts";

/** Names the keyed hashes of a flow's id, its browser, a login name that nobody has, any login name, what a flow comes to, and one that is offered. */
export const flowUses = {
  id: "flow-id",
  browser: "flow-browser",
  account: "flow-account",
  name: "flow-name",
  loginHandle: "login-handle",
  offered: "flow-offered",
} as const;

/** The browser of a flow, as it is kept. */
export const browserHash = (vault: TenantVault, browserToken: string): string =>
  vault.keyedHash(flowUses.browser, browserToken);
