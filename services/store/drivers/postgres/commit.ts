import { StoreUnavailable, type Conflict } from "../../store.ts";
import type { PreparedWrite } from "./collection-writer.ts";
import type { Answer } from "./connection.ts";
import { plainStep, type Step } from "./statement.ts";
import type { Ending, Send, Transactions } from "./transactions.ts";

/** Thrown inside a transaction: it was refused, and only doing its writes one by one can tell which and why. */
class NeedsCare extends Error {}

/**
 * Commits writes and events, all or nothing. Rejects with Conflict and StoreUnavailable.
 *
 * First all writes go out in one go, those that have to meet a version before those that insert, each kind in the order of
 * their keys, so that two commits wait for each other in one direction only. If nothing but inserts is in it, COMMIT goes
 * with them: a failed insert makes it a rollback. A write that has to meet a version fails without an error, so that its
 * answer is awaited before COMMIT is sent.
 *
 * When one fails in a way that this does not explain (their order was changed, or an expired record may be what is in the
 * way) the writes are done again one after the other, in the order given.
 */
export async function commitWrites(
  transactions: Transactions,
  writes: readonly PreparedWrite[],
  events: readonly Step[],
  clock: () => number,
): Promise<void> {
  const { order, isChanged } = lockingOrder(writes);
  const conflict = (answers: readonly Answer[]): Conflict | undefined => {
    for (const [at, write] of order.entries()) {
      const answer = answers[at];
      const refusal = answer === undefined ? undefined : write.refusal(answer);
      if (refusal === undefined) continue;
      if (isChanged || (write.mayMeetExpired && refusal.reason !== "version")) throw new NeedsCare();
      return refusal;
    }
  };
  const check = (answers: readonly Answer[]): void => {
    const found = conflict(answers) ?? answers.find(({ error }) => error !== undefined)?.error;
    if (found !== undefined) throw found;
  };
  const isInsertsOnly = order.every(({ kind }) => kind === "insert");
  try {
    await transactions.run(async (send): Promise<Ending<void>> => {
      const now = clock();
      const steps = [...order.map((write) => write.step(now)), ...events];
      if (isInsertsOnly) return { steps, answered: check, recovered: () => {} };
      check(await send(steps));
      return { steps: [], answered: () => {}, recovered: () => {} };
    });
  } catch (error) {
    if (!(error instanceof NeedsCare)) throw error;
    await transactions.run((send) => withCare(send, writes, events, clock()));
  }
}

/** Does the writes one after the other; what is refused by an expired record is tried again once that is gone. */
async function withCare(
  send: Send,
  writes: readonly PreparedWrite[],
  events: readonly Step[],
  now: number,
): Promise<Ending<void>> {
  for (const write of writes) await writeOne(send, write, now);
  return { steps: events, answered: () => {}, recovered: () => {} };
}

const save = plainStep("SAVEPOINT write");
const undo = plainStep("ROLLBACK TO SAVEPOINT write");
/** More than once only when others write records that are expired from the start, again and again. */
const mostRounds = 20;

async function writeOne(send: Send, write: PreparedWrite, now: number): Promise<void> {
  for (let round = 0; round < mostRounds; round += 1) {
    const answer = (await succeeded(send([save, write.step(now)]), 1)).at(-1);
    const refusal = answer === undefined ? undefined : write.refusal(answer);
    if (refusal === undefined) return;
    if (refusal.reason === "version") throw refusal;
    const cleared = await succeeded(send([undo, ...write.clear(now)]));
    if (cleared.slice(1).some(({ count }) => count > 0)) continue;
    // Nothing was cleared: a live record is in the way now, or it is gone again.
    const found = write.refusedBy(await succeeded(send(write.holders(now))));
    if (found !== undefined) throw found;
  }
  throw new StoreUnavailable("the records of a commit changed all the time", "not done");
}

/** The answers, without an error in any but the last `except`. */
async function succeeded(sent: Promise<readonly Answer[]>, except = 0): Promise<readonly Answer[]> {
  const answers = await sent;
  const failed = answers.slice(0, answers.length - except).find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) throw failed;
  return answers;
}

/** The order in which the writes are sent, and whether it is another than the one given. */
function lockingOrder(writes: readonly PreparedWrite[]): {
  readonly order: readonly PreparedWrite[];
  readonly isChanged: boolean;
} {
  if (writes.length === 1) return { order: writes, isChanged: false };
  // Where one write may take a unique value that another gives up, the order given is part of what was asked.
  const withUnique = writes.filter(({ takesUnique }) => takesUnique).map(({ collection }) => collection);
  if (new Set(withUnique).size < withUnique.length) return { order: writes, isChanged: false };
  const order = writes.toSorted(
    (a, b) =>
      Number(a.kind === "insert") - Number(b.kind === "insert") ||
      compare(a.collection, b.collection) ||
      compare(a.id, b.id),
  );
  return { order, isChanged: order.some((write, at) => write !== writes[at]) };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
