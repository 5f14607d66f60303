import type { Lease, SystemStore } from "../store/store.ts";
import type { BackgroundWork } from "./background-work.ts";

/** A lease as one process has it, or has not. */
export interface HeldLease {
  /** The lease as it was taken last; undefined while another process has it, or nobody has asked. It may have run out. */
  current(): Lease | undefined;
  /** The lease, taken anew where less than half of it is left; undefined while another process has it. */
  hold(): Promise<Lease | undefined>;
  /** Takes it anew whatever is left of it. */
  readonly renew: () => Promise<void>;
  /** Forgets it: before it counts again it must be known who has it. */
  drop(): void;
  /** Gives it up, for another process to take at once. */
  release(): Promise<void>;
}

/** A lease of this name, for `length` milliseconds at a time. `holder` names this process; `clock` in milliseconds. */
export function createHeldLease({
  system,
  name,
  holder,
  length,
  clock,
}: {
  readonly system: SystemStore;
  readonly name: string;
  readonly holder: string;
  readonly length: number;
  readonly clock: () => number;
}): HeldLease {
  let lease: Lease | undefined;
  const renew = async (): Promise<void> => {
    lease = await system.lease(name, holder, length);
  };
  return {
    current: () => lease,
    async hold() {
      if (lease === undefined || lease.expiresAt - clock() < length / 2) await renew();
      return lease;
    },
    renew,
    drop() {
      lease = undefined;
    },
    async release() {
      if (lease !== undefined) await system.release(lease);
      lease = undefined;
    },
  };
}

/** Work that gives its lease up once it has ended. */
export function releasing(work: BackgroundWork, lease: HeldLease): BackgroundWork {
  return {
    async stop() {
      await work.stop();
      await lease.release();
    },
  };
}
