import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { accountScopes } from "../../host/account-scopes.ts";
import { membershipScopes, personScopes } from "../scopes.ts";

/** Scopes that belong together, as people see them and as a consent keeps them. */
export interface ScopeGroup {
  /** Identifier of the resource server; empty for the scopes of OpenID Connect, and for what no server asked for names. */
  readonly resource: string;
  /** Its name for people. */
  readonly displayName: string;
  readonly scopes: readonly { readonly scope: string; readonly description: string }[];
}

const ofPerson: ReadonlySet<string> = new Set([...personScopes, ...membershipScopes, ...accountScopes]);

/** What a request asks for. */
export interface AskedScopes {
  readonly scopes: readonly string[];
  /** Scopes that carry what it asks for by name: they mean the person, never a resource server. */
  readonly scopesOfClaims: readonly string[];
  /** Identifiers of resource servers. */
  readonly resources: readonly string[];
}

/**
 * What a request asks for, by the resource servers that it names: a server's group has the scopes that mean something there,
 * in its own words, and is there without any as well, because its tokens are asked for all the same. Scopes of OpenID Connect,
 * which pages have texts for, need no description. There always is a group: also who asks for no scope learns who it is.
 */
export async function scopeGroups(
  { resourceServers }: Pick<OauthDependencies, "resourceServers">,
  call: Call,
  { scopes, scopesOfClaims, resources }: AskedScopes,
): Promise<readonly ScopeGroup[]> {
  const servers = resources.length === 0 ? undefined : await resourceServers.of(call);
  const groups = resources.flatMap((resource): ScopeGroup[] => {
    const server = servers?.get(resource);
    if (server === undefined) return [];
    const own = server.scopes.filter(({ name }) => scopes.includes(name));
    return [
      {
        resource,
        displayName: server.displayName,
        scopes: own.map(({ name, description }) => ({ scope: name, description })),
      },
    ];
  });
  const named = new Set(groups.flatMap((group) => group.scopes.map(({ scope }) => scope)));
  const own = scopes.filter((scope) => ofPerson.has(scope) || !named.has(scope));
  const rest = [...new Set([...own, ...scopesOfClaims])];
  if (rest.length === 0 && groups.length > 0) return groups;
  return [{ resource: "", displayName: "", scopes: rest.map((scope) => ({ scope, description: "" })) }, ...groups];
}
