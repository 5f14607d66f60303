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
  /** The transaction that adds and answers the new value; RangeError when it would leave the safe integers. */
  add(tenant: string, name: string, n: number, expiresAt: number, now: number): Ending<number> {
    return {
      steps: [step(add, tenant, name, n, expiresAt, now)],
      answered([answer]) {
        if (breaksCheck(answer?.error)) throw new RangeError("the counter's new value: must be a safe integer");
        if (answer?.error !== undefined) throw answer.error;
        return answer?.rows[0]?.[0] as number;
      },
      recovered: (value) => value as number,
      keep: { marker: keepValue, values: [tenant, name] },
    };
  },
  deleteSome: (tenant: string, limit: number): Step => step(removeSome, tenant, limit),
  sweep: (now: number, limit: number): Step => step(sweep, now, limit),
};
