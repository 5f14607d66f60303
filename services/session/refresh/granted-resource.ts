/** What a request says of resources: the one that it names or none, the tenant's issuer, and what its client may have tokens for now. */
interface ResourceRequest {
  readonly resource: string;
  readonly issuer: string;
  /** The issuer among it; empty: the client is not held to any. */
  readonly clientResources: readonly string[];
}

/**
 * Whether a token may be for what a request asks: narrowing only (security A11). A grant without resources is for the tenant
 * itself, whose issuer the request tells; a request without a resource leaves the choice among the grant's to others, as long as
 * its client may have tokens for one of them.
 */
export function isResourceGranted(
  granted: readonly string[],
  { resource, issuer, clientResources }: ResourceRequest,
): boolean {
  if (resource !== "") return granted.length === 0 ? resource === issuer : granted.includes(resource);
  if (granted.length === 0 || clientResources.length === 0) return true;
  return granted.some((one) => clientResources.includes(one));
}
