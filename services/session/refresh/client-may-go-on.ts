import type { Grant } from "#gen/koder/session/store/v1/grant_pb.ts";

/**
 * Whether the scopes that a client may have now leave anything of what a refresh is for: something of what it asks for, or of the
 * grant where it names nothing, and for a family that outlives its session, offline access itself. A client of which nothing is told
 * is not held to it.
 */
export function clientMayGoOn(
  { scopes: granted, offline }: Pick<Grant, "scopes" | "offline">,
  { scopes: asked, clientScopes }: { readonly scopes: readonly string[]; readonly clientScopes: readonly string[] },
): boolean {
  const isOfflineLeft = !offline || clientScopes.length === 0 || clientScopes.includes("offline_access");
  return isOfflineLeft && isScopeLeft(asked.length > 0 ? asked : granted, clientScopes);
}

/**
 * Whether the scopes that a client may have now leave anything of others, or these name nothing. Offline access says for how long,
 * and not what for. A client of which nothing is told is not held to it.
 */
export function isScopeLeft(scopes: readonly string[], clientScopes: readonly string[]): boolean {
  const wanted = scopes.filter((scope) => scope !== "offline_access");
  return clientScopes.length === 0 || wanted.length === 0 || wanted.some((scope) => clientScopes.includes(scope));
}
