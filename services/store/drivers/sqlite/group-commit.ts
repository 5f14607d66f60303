import type { DatabaseSync } from "node:sqlite";
import { StoreUnavailable } from "../../store.ts";
import { isBusy, isIoError, unavailable } from "./sqlite-error.ts";

/** Runs pieces of work, each all or nothing, and answers once they are durable. */
export interface GroupCommit {
  /** `work` runs inside a transaction, synchronously. What it throws rolls back its own writes only. */
  run<Result>(work: () => Result): Promise<Result>;
  /** Resolves when nothing is waiting any more. */
  drain(): Promise<void>;
}

/** Pieces of work in one transaction at most: bounds how long everything else in the process waits for it. */
const largestGroup = 256;
/**
 * While another process writes the file: pause before the next attempt, in milliseconds. The engine itself waits only
 * briefly (`busyTimeout` of sqlite-store.ts), because the event loop waits with it.
 */
const pause = 25;

interface Piece {
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts what arrives in one turn of the event loop into one transaction, with a savepoint for each piece and one fsync for
 * all: under load they share the cost of durability, and a piece that comes alone waits for nobody. Work that arrives
 * during an fsync is the next group. The transaction begins and ends within one turn, so that no read sees half of it.
 * After `mostAttempts` to begin while another process writes, everything that waits is refused.
 */
export function createGroupCommit(database: DatabaseSync, { mostAttempts = 100 } = {}): GroupCommit {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  const save = database.prepare("SAVEPOINT piece");
  const release = database.prepare("RELEASE piece");
  const undo = database.prepare("ROLLBACK TO piece");

  let waiting: Piece[] = [];
  let scheduled = false;
  let attempts = 0;
  const onIdle: (() => void)[] = [];

  function flush(): void {
    try {
      begin.run();
      attempts = 0;
      commitGroup(waiting.splice(0, largestGroup));
    } catch (error) {
      attempts += 1;
      if (isBusy(error) && attempts < mostAttempts) {
        setTimeout(flush, pause);
        return;
      }
      attempts = 0;
      // Whoever came later would wait as long, in vain.
      refuse(waiting.splice(0), "not done", error);
    }
    scheduled = waiting.length > 0;
    if (scheduled) setImmediate(flush);
    else for (const idle of onIdle.splice(0)) idle();
  }

  /** Never throws: every piece gets its answer. */
  function commitGroup(group: readonly Piece[]): void {
    let answers: readonly (() => void)[];
    const [alone] = group;
    try {
      answers = group.length === 1 && alone !== undefined ? [attemptAlone(alone)] : group.map(attempt);
    } catch (error) {
      return refuse(group, rolledBack() ? "not done" : "unknown", error);
    }
    try {
      if (database.isTransaction) commit.run();
    } catch (error) {
      // After an I/O error the log may hold the commit although it was not acknowledged, and recovery would find it.
      return refuse(group, rolledBack() && !isIoError(error) ? "not done" : "unknown", error);
    }
    for (const answer of answers) answer();
  }

  /** Does one piece; answers how to tell its caller once the group is durable. */
  function attempt({ work, resolve, reject }: Piece): () => void {
    save.run();
    try {
      const result = work();
      release.run();
      return () => resolve(result);
    } catch (error) {
      // The engine took the whole transaction back (a full disk, say): so must the group be.
      if (!database.isTransaction) throw error;
      undo.run();
      release.run();
      return () => reject(unavailable(error) ?? error);
    }
  }

  /** One piece is the whole transaction, and needs no savepoint: what it throws takes all of it back. */
  function attemptAlone({ work, resolve, reject }: Piece): () => void {
    try {
      const result = work();
      return () => resolve(result);
    } catch (error) {
      if (!rolledBack()) throw error;
      return () => reject(unavailable(error) ?? error);
    }
  }

  function rolledBack(): boolean {
    try {
      if (database.isTransaction) rollback.run();
      return true;
    } catch {
      return false; // neither done nor taken back: the caller is told so
    }
  }

  function refuse(group: readonly Piece[], outcome: "not done" | "unknown", cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    for (const { reject } of group)
      reject(new StoreUnavailable(`the store cannot write: ${reason}`, outcome, { cause }));
  }

  return {
    run<Result>(work: () => Result): Promise<Result> {
      return new Promise<Result>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (result: unknown) => void, reject });
        if (scheduled) return;
        scheduled = true;
        setImmediate(flush);
      });
    },
    drain: () => (scheduled ? new Promise<void>((resolve) => void onIdle.push(resolve)) : Promise.resolve()),
  };
}
