import type { DatabaseSync } from "node:sqlite";
import { checkInteger } from "../../check-input.ts";
import type { Addition } from "../../store.ts";
import { limited } from "../sql/limited.ts";

/** The statements of the counters. Everything is synchronous; times are milliseconds since the epoch. */
export interface CounterTable {
  /** Adds, inside a transaction. Throws a RangeError when the value would leave the safe integers. */
  add(tenant: string, addition: Addition, now: number): number;
  deleteSome(tenant: string, limit: number): number;
  sweep(now: number, limit: number): number;
}

/** Prepares the statements of the counters. */
export function counterTable(database: DatabaseSync): CounterTable {
  const increase = database.prepare(
    "UPDATE counters SET value = value + ? WHERE tenant = ? AND name = ? AND expires > ? RETURNING value",
  );
  const start = database.prepare(`
    INSERT INTO counters (tenant, name, value, expires) VALUES (?, ?, ?, ?)
    ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value, expires = excluded.expires`);
  const removeSome = database.prepare(
    `DELETE FROM counters WHERE (tenant, name) IN (SELECT tenant, name FROM counters WHERE tenant = ? ${limited})`,
  );
  const sweep = database.prepare(
    `DELETE FROM counters WHERE (tenant, name) IN (SELECT tenant, name FROM counters WHERE expires <= ? ${limited})`,
  );
  return {
    add(tenant, { counter, n, expiresAt }, now) {
      const increased = increase.get(n, tenant, counter, now);
      if (increased === undefined) {
        start.run(tenant, counter, n, expiresAt);
        return n;
      }
      const value = increased["value"] as number;
      checkInteger("the counter's new value", value);
      return value;
    },
    deleteSome: (tenant, limit) => Number(removeSome.run(tenant, limit).changes),
    sweep: (now, limit) => Number(sweep.run(now, limit).changes),
  };
}
