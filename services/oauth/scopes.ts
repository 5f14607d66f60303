/** The scopes of OpenID Connect Core §5.4 and §11: they speak of a person. */
export const personScopes = ["openid", "profile", "email", "phone", "address", "offline_access"] as const;

/** The scopes that say which roles and groups somebody has; a client that acts for itself has roles, too. */
export const membershipScopes = ["roles", "groups"] as const;

/** One scope token (RFC 6749 §3.3). */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** More than any client is given. */
const mostScopes = 100;

/** The scopes of a space-separated list, each once, in order; undefined when one is no scope token, or they are too many. */
export function parseScope(scope: string): readonly string[] | undefined {
  const tokens = scope.split(" ").filter((token) => token !== "");
  const scopes = [...new Set(tokens)];
  return scopes.length <= mostScopes && scopes.every((token) => scopeToken.test(token)) ? scopes : undefined;
}
