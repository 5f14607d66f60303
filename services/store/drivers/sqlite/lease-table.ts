import type { DatabaseSync } from "node:sqlite";
import { LeaseLost, type Lease } from "../../store.ts";
import { latestLeaseEnd } from "../sql/lease-tolerance.ts";

/** The statements of the leases. Everything is synchronous, and runs inside a transaction; times are milliseconds. */
export interface LeaseTable {
  take(name: string, holder: string, ttl: number, now: number): Lease | undefined;
  release(lease: Lease): void;
  /** Throws LeaseLost when the lease has passed to another. */
  check(lease: Lease): void;
}

/** Prepares the statements of the leases. */
export function leaseTable(database: DatabaseSync): LeaseTable {
  const select = database.prepare("SELECT holder, fence, expires FROM leases WHERE name = ?");
  const put = database.prepare(`
    INSERT INTO leases (name, holder, fence, expires) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, expires = excluded.expires`);
  const release = database.prepare("UPDATE leases SET expires = 0 WHERE name = ? AND fence = ?");
  return {
    take(name, holder, ttl, now) {
      const found = select.get(name);
      const expires = (found?.["expires"] as number | undefined) ?? 0;
      const isFree = expires <= now || expires > latestLeaseEnd(ttl, now);
      if (!isFree && found?.["holder"] !== holder) return undefined;
      // A holder that comes back after its time is another one: what it sent before that must not count.
      const fence = ((found?.["fence"] as number | undefined) ?? 0) + (isFree ? 1 : 0);
      const expiresAt = now + ttl;
      put.run(name, holder, fence, expiresAt);
      return { name, holder, fence, expiresAt };
    },
    release: ({ name, fence }) => void release.run(name, fence),
    check(lease) {
      if (select.get(lease.name)?.["fence"] !== lease.fence) throw new LeaseLost(lease);
    },
  };
}
