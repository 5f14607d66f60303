import { setTimeout as pause } from "node:timers/promises";
import { allCollections } from "../../services/assembly/data.ts";
import { openStore } from "../../services/store/open-store.ts";
import type { Lease } from "../../services/store/store.ts";

/** Takes the sequencer's lease from a server, so that its events stay in the outbox, and gives it back. */
export interface SequencerHolder {
  /** Resolves when nothing is sequenced any more. */
  hold(): Promise<void>;
  /** Resolves when the server has it again and has sequenced what was waiting. */
  letGo(): Promise<void>;
  /** Resolves when no event is waiting. */
  readonly sequenced: () => Promise<void>;
  stop(): Promise<void>;
}

/** Longer than any round. */
const held = 120_000;
const patience = 60_000;

/** A second process on the store of the server `pid`, which is paused for as long as its lease lasts: it does not give it away. */
export async function holdSequencer({
  url,
  pid,
}: {
  readonly url: string;
  readonly pid: number;
}): Promise<SequencerHolder> {
  const store = await openStore({ url, collections: allCollections, clock: Date.now });
  const system = store.system();
  let lease: Lease | undefined;

  async function poll<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
    for (const until = Date.now() + patience; Date.now() < until; await pause(20)) {
      const found = await look();
      if (found !== undefined) return found;
    }
    throw new Error(`${what}: not within ${patience} ms`);
  }
  const take = (): Promise<Lease | undefined> => system.lease("sequencer", "bench", held);
  const sequenced = async (): Promise<void> =>
    void (await poll("the outbox is empty", async () => ((await system.outbox(0, 1)).length === 0 ? true : undefined)));

  return {
    async hold() {
      if (lease !== undefined) {
        lease = await take();
        if (lease !== undefined) return;
      }
      process.kill(pid, "SIGSTOP");
      try {
        lease = await poll("the lease of the paused server has run out", take);
      } finally {
        process.kill(pid, "SIGCONT");
      }
    },
    async letGo() {
      if (lease !== undefined) await system.release(lease);
      lease = undefined;
      await sequenced();
    },
    sequenced,
    async stop() {
      if (lease !== undefined) await system.release(lease);
      await store.close();
    },
  };
}
