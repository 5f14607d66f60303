import type { Texts } from "./texts.ts";

/** Scopes that we have words for, by the key of their text. */
const known: ReadonlyMap<string, (texts: Texts) => string | undefined> = new Map([
  ["openid", (t) => t.scope_openid],
  ["profile", (t) => t.scope_profile],
  ["email", (t) => t.scope_email],
  ["phone", (t) => t.scope_phone],
  ["address", (t) => t.scope_address],
  ["offline_access", (t) => t.scope_offline_access],
  ["roles", (t) => t.scope_roles],
  ["groups", (t) => t.scope_groups],
  ["account.read", (t) => t.scope_account_read],
  ["account.write", (t) => t.scope_account_write],
]);

/** What a scope allows, as a plain sentence; undefined for one that we have no words for. */
export const scopeSentence = (scope: string, texts: Texts): string | undefined => known.get(scope)?.(texts);
