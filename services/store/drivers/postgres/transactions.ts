import { setTimeout as delay } from "node:timers/promises";
import { StoreUnavailable } from "../../store.ts";
import type { Answer, Connection } from "./connection.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { asStoreError, ConnectionLost, inWords, isTimeout, isTransient } from "./postgres-error.ts";
import { plainStep, statement, step, type Statement, type Step } from "./statement.ts";

/** Sends steps inside a transaction that is open, and answers once the server has. */
export type Send = (steps: readonly Step[]) => Promise<readonly Answer[]>;

/** How a transaction ends: what is sent together with COMMIT, and what its caller gets. */
export interface Ending<Result> {
  readonly steps: readonly Step[];
  /** The answers to `steps`. Throws what refuses the transaction; otherwise it must have been committed. */
  readonly answered: (answers: readonly Answer[]) => Result;
  /** When the answers were lost and the transaction turned out to be committed: with what it kept. */
  readonly recovered: (kept: readonly (number | null)[]) => Result;
  /** SQL of integers that are kept for `recovered`, read inside the transaction: of each a SELECT with `$3`, `$4`, … */
  readonly keep?: readonly Kept[];
}

/** A marker that keeps an integer. */
interface Kept {
  readonly marker: Statement;
  readonly values: Step["values"];
}

/** Runs transactions: each is done once or not at all, and its caller is told which. */
export interface Transactions {
  /**
   * Runs `work`, which may send steps and says how the transaction ends; what it throws rolls back. Serialization
   * failures, deadlocks and lost connections begin it anew, so `work` must do the same again each time.
   *
   * Rejects with what `work` or its ending throws, and with StoreUnavailable; its outcome is "unknown" only when the
   * connection was lost after COMMIT was sent and the database could not be asked in time what became of it.
   */
  run<Result>(work: (send: Send) => Promise<Ending<Result>>): Promise<Result>;
  /** Runs what may be done twice without harm, on one session and outside of a transaction. */
  repeatable<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>;
  /** Steps outside of a transaction, each on its own and harmless when it is done twice; throws when one fails. */
  ask(steps: readonly Step[]): Promise<readonly Answer[]>;
}

/** How long a marker is kept, in milliseconds: far longer than any transaction can be under way. */
const markerLifetime = 600_000;
/** Attempts after serialization failures and deadlocks, and after lost connections. */
const mostAttempts = 20;
/** Pause before another attempt: random, up to this after the first and doubling, in milliseconds. */
const [firstPause, longestPause] = [4, 250];

const begin = plainStep("BEGIN");
const commit = plainStep("COMMIT");
const rollback = plainStep("ROLLBACK");
const marker = statement("INSERT INTO commits (id, expires, done, value) VALUES ($1, $2, 1, NULL)");
const claim = statement(
  "INSERT INTO commits (id, expires, done, value) VALUES ($1, $2, 0, NULL) ON CONFLICT (id) DO NOTHING",
);
const look = statement("SELECT done, value FROM commits WHERE id = $1");
/** A marker that keeps nothing. */
const bare: readonly Kept[] = [{ marker, values: [] }];
/** Where the marker of a transaction stands, and those beside it that keep more. */
const markerId = (id: string, at: number): string => (at === 0 ? id : `${id}/${at}`);

/**
 * Makes the runner. Each transaction inserts a marker under a random id of its own before COMMIT. When the answer to
 * COMMIT is lost, the same id is claimed on another connection: if that succeeds, the lost transaction can never commit;
 * if it does not, the transaction has committed. The claim waits for a transaction that is still open.
 */
export function createTransactions({
  pool,
  clock,
  newId,
  random,
  patience,
}: {
  readonly pool: ConnectionPool;
  readonly clock: () => number;
  /** An id that nobody else makes. */
  readonly newId: () => string;
  readonly random: () => number;
  /** How long one call may go on attempting, and how long an unknown outcome is looked into, in milliseconds. */
  readonly patience: number;
}): Transactions {
  const pauseAfter = (attempt: number): Promise<void> =>
    delay(random() * Math.min(longestPause, firstPause * 2 ** Math.min(attempt, 10)));

  /** Runs attempts until one is answered; `onLost` says what a lost connection means, or answers for it. */
  async function attempts<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const until = performance.now() + patience;
    for (let count = 1; ; count += 1) {
      try {
        return await attempt();
      } catch (error) {
        const isLost = error instanceof ConnectionLost;
        if (!isLost && !isTransient(error)) throw asStoreError(error);
        if (count >= mostAttempts || performance.now() > until) {
          throw isLost ? new StoreUnavailable(error.message, "not done", { cause: error }) : asStoreError(error);
        }
      }
      await pauseAfter(count);
    }
  }

  async function runOnce<Result>(work: (send: Send) => Promise<Ending<Result>>): Promise<Result> {
    const id = newId();
    let asked: Ending<Result> | undefined;
    try {
      return await pool.use(async (connection) => {
        let isOpen = false;
        const send: Send = async (steps) => {
          if (isOpen) return connection.run(steps);
          isOpen = true;
          return (await connection.run([begin, ...steps])).slice(1);
        };
        let ending: Ending<Result>;
        try {
          ending = await work(send);
        } catch (error) {
          // Lost meanwhile: then the server rolls back by itself.
          if (isOpen && !connection.isLost()) await connection.run([rollback]).catch(() => {});
          throw error;
        }
        const expires = clock() + markerLifetime;
        const marked = (ending.keep ?? bare).map((one, at) =>
          step(one.marker, markerId(id, at), expires, ...one.values),
        );
        const last = [...ending.steps, ...marked, commit];
        asked = ending;
        const answers = await connection.run(isOpen ? last : [begin, ...last]);
        asked = undefined; // answered: nothing is unknown
        return settle(ending, isOpen ? answers : answers.slice(1));
      });
    } catch (error) {
      if (asked === undefined || !(error instanceof ConnectionLost)) throw error;
      const kept = await findOut(id, asked.keep?.length ?? 1, error);
      // It is certain now that it was not done, so that it may be done again.
      if (kept === undefined) throw error;
      return asked.recovered(kept);
    }
  }

  function settle<Result>(ending: Ending<Result>, answers: readonly Answer[]): Result {
    const own = answers.slice(0, ending.steps.length);
    const failed = answers.find(({ error }) => error !== undefined)?.error;
    // What made the others fail comes first. A transient failure says nothing about the rest.
    if (isTransient(failed)) throw failed;
    const result = ending.answered(own);
    if (answers.at(-1)?.command === "COMMIT") return result;
    throw failed ?? new Error("the database rolled back a transaction without an error");
  }

  /** What became of a transaction: what its markers kept when it was committed, undefined when it never will be. */
  async function findOut(
    id: string,
    markers: number,
    cause: ConnectionLost,
  ): Promise<readonly (number | null)[] | undefined> {
    const until = performance.now() + patience;
    let reason: unknown = cause;
    for (let count = 1; performance.now() < until; count += 1) {
      try {
        const answers = await pool.use((connection) =>
          connection.run([
            step(claim, id, clock() + markerLifetime),
            ...Array.from({ length: markers }, (_, at) => step(look, markerId(id, at))),
          ]),
        );
        const failed = answers.find(({ error }) => error !== undefined)?.error;
        const rows = answers.slice(1).map((answer) => answer.rows[0]);
        const [first] = rows;
        if (failed === undefined && first !== undefined) {
          return first[0] === 1 ? rows.map((row) => (row?.[1] ?? null) as number | null) : undefined;
        }
        reason = failed ?? new Error("its marker is gone");
        if (failed !== undefined && !isTransient(failed) && !isTimeout(failed)) break;
      } catch (error) {
        reason = error;
      }
      await pauseAfter(count);
    }
    throw new StoreUnavailable(`it is not known whether a commit was done: ${inWords(reason)}`, "unknown", { cause });
  }

  const repeatable: Transactions["repeatable"] = (work) => attempts(() => pool.use(work));
  return {
    run: (work) => attempts(() => runOnce(work)),
    repeatable,
    ask: (steps) =>
      repeatable(async (connection) => {
        const answers = await connection.run(steps);
        const failed = answers.find(({ error }) => error !== undefined)?.error;
        if (failed !== undefined) throw failed;
        return answers;
      }),
  };
}
