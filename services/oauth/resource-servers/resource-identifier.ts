/**
 * Why a text cannot be the identifier of a resource server, as what would be right; undefined when it can: an absolute URI
 * without fragment (RFC 8707 §2), printable ASCII, without user info, and not the issuer, which is an audience of its own.
 */
export function identifierFault(identifier: string, issuer: string): string | undefined {
  if (identifier === "") return "must be set";
  if (!/^[\x21-\x7e]+$/.test(identifier)) return "must be printable ASCII without spaces";
  if (!/^[a-z][a-z0-9+.-]*:[^#]+$/.test(identifier) || !URL.canParse(identifier))
    return "must be an absolute URI without fragment, its scheme in lower case";
  if (/["\\<>^`{|}]/.test(identifier)) return "must have no character that a URI must escape";
  const { username, password } = new URL(identifier);
  if (username !== "" || password !== "") return "must have no user info";
  if (identifier === issuer || identifier === `${issuer}/`) return "must not be the issuer";
  return undefined;
}
