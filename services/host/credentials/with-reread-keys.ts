import { JwtRefused } from "../../vault/verify-jwt.ts";
import type { BoundedCache } from "../bounded-cache.ts";

/** A tenant's keys as they were read; `readAt` in milliseconds since the epoch. */
export interface ReadKeys {
  readonly readAt: number;
}

/** Between two readings for a key that is not known, in milliseconds. */
const rereadAfter = 1_000;

/**
 * Runs `verify` with a tenant's remembered keys; where it refuses a token for its unknown key, once more with keys that are
 * read anew, at most once a second for a tenant: another process may just have begun to sign with a new one. `read` answers
 * what `cache` remembers under `tenantId`, and fills it.
 */
export async function withRereadKeys<Known extends ReadKeys, Claims>(
  {
    cache,
    tenantId,
    read,
    clock,
  }: {
    readonly cache: BoundedCache<Known>;
    readonly tenantId: string;
    readonly read: () => Promise<Known>;
    readonly clock: () => number;
  },
  verify: (known: Known) => Claims,
): Promise<Claims> {
  const known = await read();
  try {
    return verify(known);
  } catch (error) {
    const mayBeNew = error instanceof JwtRefused && error.fault === "unknown_key";
    if (!mayBeNew || clock() - known.readAt < rereadAfter) throw error;
    // The first that found these keys wanting has them read anew; those at the same moment wait for the same answer.
    if (cache.peek(tenantId) === known) cache.delete(tenantId);
    return verify(await read());
  }
}
