import { permissionsAmong } from "../host/own-permissions.ts";

/** Lets an application change the account of its person: their ways to sign in, too. */
export const changesAccounts = "account.write";

/** Those scopes by which an application does something here in the name of its person: permissions, and `account.write`. */
export const actingScopes = (scopes: readonly string[]): readonly string[] => [
  ...permissionsAmong(scopes),
  ...scopes.filter((scope) => scope === changesAccounts),
];
