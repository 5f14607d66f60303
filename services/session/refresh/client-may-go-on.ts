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
  if (clientScopes.length === 0) return true;
  // Offline access says for how long, and not what for.
  const wanted = (asked.length > 0 ? asked : granted).filter((scope) => scope !== "offline_access");
  const isLeft = wanted.length === 0 || wanted.some((scope) => clientScopes.includes(scope));
  return isLeft && (!offline || clientScopes.includes("offline_access"));
}
