import type { Answer } from "./connection.ts";
import type { Step } from "./statement.ts";
import type { Transactions } from "./transactions.ts";

/** Reads that share a connection and a packet at most: bounds how long one waits for those before it. */
const largestGroup = 16;

interface Waiting {
  readonly step: Step;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks single steps that change nothing. What arrives in one turn of the event loop goes out together, because handing
 * bytes to the kernel is most of what a read costs this process. Rejects with StoreUnavailable.
 */
export function createGroupedReads(transactions: Transactions): (step: Step) => Promise<Answer> {
  let waiting: Waiting[] = [];

  function flush(): void {
    const all = waiting;
    waiting = [];
    for (let at = 0; at < all.length; at += largestGroup) void askGroup(all.slice(at, at + largestGroup));
  }
  /** Never rejects: every reader gets an answer. */
  async function askGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await transactions.repeatable((connection) => connection.run(group.map(({ step }) => step)));
      for (const [at, { step, resolve, reject }] of group.entries()) {
        const answer = answers[at];
        if (answer !== undefined && answer.error === undefined) resolve(answer);
        // On its own again, for as long as that is worth it: its failure says nothing about the others.
        else transactions.ask([step]).then(([again]) => resolve(again as Answer), reject);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  return (step) =>
    new Promise((resolve, reject) => {
      waiting.push({ step, resolve, reject });
      if (waiting.length === 1) setImmediate(flush);
    });
}
