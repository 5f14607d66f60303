import type { Addition } from "../../store.ts";
import { statement, step, type Step } from "./statement.ts";
import type { Ending } from "./transactions.ts";
import { breaksCheck } from "./postgres-error.ts";

const alive = "counters.expires > $5";
// A counter that has expired starts anew.
const add = statement(`
  INSERT INTO counters (tenant, name, value, expires) VALUES ($1, $2, $3, $4)
  ON CONFLICT (tenant, name) DO UPDATE SET
    value = CASE WHEN ${alive} THEN counters.value + excluded.value ELSE excluded.value END,
    expires = CASE WHEN ${alive} THEN counters.expires ELSE excluded.expires END
  RETURNING value`);
const keepValue = statement(`
  INSERT INTO commits (id, expires, done, value) SELECT $1, $2, 1, value FROM counters WHERE tenant = $3 AND name = $4`);
const removeSome = statement(
  "DELETE FROM counters WHERE (tenant, name) IN (SELECT tenant, name FROM counters WHERE tenant = $1 LIMIT $2)",
);
const sweep = statement(`
  DELETE FROM counters WHERE (tenant, name) IN
  (SELECT tenant, name FROM counters WHERE expires <= $1 ORDER BY expires, tenant, name LIMIT $2) AND expires <= $1`);

/** The statements of the counters; times are milliseconds since the epoch. */
export const counterTable = {
  /**
   * The transaction that adds and answers the new values; RangeError when one would leave the safe integers. It takes the counters
   * in the order of their names, so that two wait for each other in one direction only.
   */
  add(tenant: string, additions: readonly Addition[], now: number): Ending<readonly number[]> {
    const order = additions.toSorted((a, b) => (a.counter < b.counter ? -1 : 1));
    const inOrderGiven = (values: readonly unknown[]) => additions.map((one) => values[order.indexOf(one)] as number);
    return {
      steps: order.map(({ counter, n, expiresAt }) => step(add, tenant, counter, n, expiresAt, now)),
      answered(answers) {
        const failed = answers.find(({ error }) => error !== undefined)?.error;
        if (breaksCheck(failed)) throw new RangeError("the counter's new value: must be a safe integer");
        if (failed !== undefined) throw failed;
        return inOrderGiven(answers.map(({ rows }) => rows[0]?.[0]));
      },
      recovered: inOrderGiven,
      keep: order.map(({ counter }) => ({ marker: keepValue, values: [tenant, counter] })),
    };
  },
  deleteSome: (tenant: string, limit: number): Step => step(removeSome, tenant, limit),
  sweep: (now: number, limit: number): Step => step(sweep, now, limit),
};
