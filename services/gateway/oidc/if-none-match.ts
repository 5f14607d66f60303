/**
 * Whether a client that sent this `If-None-Match` has the representation with this ETag (RFC 9110 §13.1.2): it lists tags, which
 * are compared weakly, or is `*`.
 */
export function hasMatchingEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const opaque = (tag: string) => tag.replace(/^W\//, "");
  return ifNoneMatch.split(",").some((tag) => opaque(tag.trim()) === opaque(etag));
}
