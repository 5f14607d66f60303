import { OAuthRefusal } from "./oauth-error.ts";

/**
 * What is left of scopes that were asked for. Throws invalid_scope where that is nothing: an answer that leaves `scope` out would say
 * that all of them were granted (RFC 6749 §5.1). Who asks for none is refused none.
 */
export function scopesLeft(asked: readonly string[], left: readonly string[]): readonly string[] {
  if (asked.length === 0 || left.length > 0) return left;
  throw new OAuthRefusal("invalid_scope", "scope names nothing that this client may have; ask for one of its scopes");
}
