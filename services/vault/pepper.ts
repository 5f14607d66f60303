import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { readPrivateFile } from "./read-private-file.ts";

/**
 * A key that is mixed into passwords before they are hashed, and kept apart from the store: who has the hashes alone can
 * guess nothing (NIST SP 800-63B-4 §3.1.1.2).
 */
export interface Pepper {
  /** Names the key that new hashes are made with. */
  readonly newest: string;
  /** What is hashed in place of a password: HMAC-SHA-256 under the key of this name. Throws when there is no such key. */
  mix(id: string, password: string): string;
}

const line = /^([a-z0-9-]{1,32}):([A-Za-z0-9+/_-]{43,}={0,2})$/;

/**
 * Reads a pepper from a file that only its owner may read: a line `<name>:<base64 of at least 32 random bytes>` for each key.
 * The first makes new hashes, the others still verify. Throws with a sentence for people that names the file, never a key.
 */
export async function loadPepper(file: string): Promise<Pepper> {
  const lines = (await readPrivateFile("pepper file", file)).split(/\r?\n/).filter((one) => one !== "");
  const keys = new Map<string, KeyObject>();
  for (const [index, one] of lines.entries()) {
    const [, id = "", encoded = ""] = line.exec(one) ?? [];
    const bytes = Buffer.from(encoded, "base64");
    if (bytes.length < 32 || keys.has(id)) {
      throw new Error(
        `the pepper file ${file}: line ${index + 1} must be <name>:<base64 of 32 bytes>, each name used once`,
      );
    }
    keys.set(id, createSecretKey(bytes));
  }
  const [newest] = keys.keys();
  if (newest === undefined) throw new Error(`the pepper file ${file} is empty`);
  return createPepper(newest, keys);
}

/** A pepper of these keys. */
export function createPepper(newest: string, keys: ReadonlyMap<string, KeyObject>): Pepper {
  return {
    newest,
    mix(id, password) {
      const key = keys.get(id);
      if (key === undefined)
        throw new Error(`the pepper key ${id}, which made a password's hash, is not in the pepper file`);
      return createHmac("sha256", key).update(password, "utf8").digest("base64");
    },
  };
}
