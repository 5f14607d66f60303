import type { Lease } from "../../store.ts";
import { latestLeaseEnd } from "../sql/lease-tolerance.ts";
import type { Answer } from "./connection.ts";
import { statement, step, type Step } from "./statement.ts";

// A holder that comes back after its time is another one: what it sent before that must not count.
const take = statement(`
  INSERT INTO leases (name, holder, fence, expires) VALUES ($1, $2, 1, $3)
  ON CONFLICT (name) DO UPDATE SET
    holder = excluded.holder,
    expires = excluded.expires,
    fence = CASE WHEN leases.expires <= $4 OR leases.expires > $5 THEN leases.fence + 1 ELSE leases.fence END
  WHERE leases.holder = excluded.holder OR leases.expires <= $4 OR leases.expires > $5
  RETURNING fence`);
const release = statement("UPDATE leases SET expires = 0 WHERE name = $1 AND fence = $2");
const hold = statement("UPDATE leases SET fence = fence WHERE name = $1 AND fence = $2");

/** The statements of the leases; times are milliseconds since the epoch. Each may be repeated without harm. */
export const leaseTable = {
  take: (name: string, holder: string, ttl: number, now: number): Step =>
    step(take, name, holder, now + ttl, now, latestLeaseEnd(ttl, now)),
  /** What `take` answered: the lease, or undefined while another has it. */
  taken(answer: Answer | undefined, name: string, holder: string, ttl: number, now: number): Lease | undefined {
    const fence = answer?.rows[0]?.[0];
    return typeof fence === "number" ? { name, holder, fence, expiresAt: now + ttl } : undefined;
  },
  release: ({ name, fence }: Lease): Step => step(release, name, fence),
  /** Inside a transaction: counts 1 while nobody else has had the lease, and nobody else gets it before the end. */
  hold: ({ name, fence }: Lease): Step => step(hold, name, fence),
};
