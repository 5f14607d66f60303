import type { Hold } from "../../bulk-store.ts";
import { StoreUnavailable } from "../../store.ts";
import type { Connection } from "./connection.ts";
import { asStoreError, isTransient } from "./postgres-error.ts";
import { plainStep } from "./statement.ts";

/** Attempts after a deadlock with who was at work on the same tables in another order. */
const mostAttempts = 10;

/**
 * Locks tables against every change, in a transaction on a session of its own, until it is released; who reads goes on.
 * Every commit of this program, of any version, leaves a marker in `commits`, so that table is locked too, and last,
 * because commits come to it last.
 */
export async function holdTables(connect: () => Promise<Connection>, tables: readonly string[]): Promise<Hold> {
  const session = await connect();
  const names = [...tables, "commits"].map((table) => `"${table}"`).join(", ");
  for (let attempt = 1; ; attempt += 1) {
    const answers = await session.run(["BEGIN", `LOCK TABLE ${names} IN SHARE MODE`].map(plainStep));
    const failed = answers.find(({ error }) => error !== undefined)?.error;
    if (failed === undefined) break;
    await session.run([plainStep("ROLLBACK")]);
    if (isTransient(failed) && attempt < mostAttempts) continue;
    await session.end();
    throw asStoreError(failed);
  }
  return {
    async release() {
      try {
        const [answer] = await session.run([plainStep("COMMIT")]);
        if (answer?.command !== "COMMIT") throw new Error("the transaction had ended");
        await session.end();
      } catch (cause) {
        session.destroy();
        throw new StoreUnavailable("the store was not held until now: its session was lost", "not done", { cause });
      }
    },
  };
}
