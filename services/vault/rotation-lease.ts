import { setTimeout as pause } from "node:timers/promises";
import type { Lease, SystemStore } from "../store/store.ts";

/** The right to rotate keys of the vault, which one process at a time has. */
export interface RotationLease {
  /** Sees to it that it holds on. Rejects when another process has it now: then nothing more may be done. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

/** How long it holds without being renewed, and how often one looks whether it is free, in milliseconds. */
const [holds, every] = [5_000, 100] as const;
const name = "vault rotation";

/**
 * Takes the lease, once a process that had it and died has lost it. Rejects with a sentence when another process goes on
 * with it. `clock` in milliseconds; `holder` names this process.
 */
export async function takeRotationLease({
  system,
  holder,
  clock,
  patience = 3 * holds,
}: {
  readonly system: SystemStore;
  readonly holder: string;
  readonly clock: () => number;
  readonly patience?: number;
}): Promise<RotationLease> {
  const taken = async (): Promise<Lease> => {
    const got = await system.lease(name, holder, holds);
    if (got === undefined) throw new Error("another process rotates keys of the vault; wait until it is done");
    return got;
  };
  const until = clock() + patience;
  let lease = await system.lease(name, holder, holds);
  while (lease === undefined && clock() < until) {
    await pause(every);
    lease = await system.lease(name, holder, holds);
  }
  let held = lease ?? (await taken());
  return {
    async renew() {
      if (held.expiresAt - clock() < holds / 2) held = await taken();
    },
    release: () => system.release(held),
  };
}
