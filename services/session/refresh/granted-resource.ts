/**
 * Whether a token may be for what a request asks: narrowing only (security A11). A grant without resources is for the tenant
 * itself, whose issuer the request tells; a request without a resource leaves the choice among the grant's to others.
 */
export function isResourceGranted(
  granted: readonly string[],
  { resource, issuer }: { readonly resource: string; readonly issuer: string },
): boolean {
  return resource === "" || (granted.length === 0 ? resource === issuer : granted.includes(resource));
}
