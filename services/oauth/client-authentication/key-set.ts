import { foreignKey, type ForeignKey } from "../../vault/foreign-key.ts";

/** More than a client rotates among. */
export const mostKeys = 50;

/**
 * The keys of a JSON Web Key Set that somebody else wrote (RFC 7517 §5), without those that are none for us. Undefined where it
 * is no set, or one with too many keys.
 */
export function parseKeySet(text: string): readonly ForeignKey[] | undefined {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return undefined;
  }
  const keys = typeof set === "object" && set !== null && "keys" in set ? set.keys : undefined;
  if (!Array.isArray(keys) || keys.length > mostKeys) return undefined;
  return keys.flatMap((key) => foreignKey(key) ?? []);
}
