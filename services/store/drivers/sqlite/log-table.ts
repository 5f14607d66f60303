import type { DatabaseSync } from "node:sqlite";
import { fromBinary } from "@bufbuild/protobuf";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { wholeLog } from "../../check-input.ts";
import type { LogEntry } from "../../store.ts";
import { limited } from "../sql/limited.ts";

/** The statements of the event log. Everything is synchronous. */
export interface LogTable {
  /** Takes up to `limit` events over from the outbox, inside a transaction. */
  sequence(limit: number): number;
  read(after: number, limit: number): readonly LogEntry[];
  readTenant(tenant: string, after: number, limit: number): readonly LogEntry[];
  end(): number;
}

/** Prepares the statements of the event log. */
export function logTable(database: DatabaseSync): LogTable {
  const outbox = database.prepare(`SELECT position, tenant, data FROM outbox ORDER BY position ${limited}`);
  const taken = database.prepare("DELETE FROM outbox WHERE position <= ?");
  const endOf = database.prepare("SELECT number FROM log_ends WHERE tenant = ?");
  const setEnd = database.prepare(`
    INSERT INTO log_ends (tenant, number) VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET number = excluded.number`);
  const append = database.prepare("INSERT INTO log (position, tenant, number, data) VALUES (?, ?, ?, ?)");
  const columns = "SELECT position, tenant, number, data FROM log";
  const select = database.prepare(`${columns} WHERE position > ? ORDER BY position ${limited}`);
  const selectTenant = database.prepare(
    `${columns} WHERE tenant = CAST(? AS TEXT) AND number > ? ORDER BY number ${limited}`,
  );

  const end = (tenant: string): number => (endOf.get(tenant)?.["number"] as number | undefined) ?? 0;
  const entry = (row: Readonly<Record<string, unknown>>): LogEntry => ({
    position: row["position"] as number,
    tenantId: row["tenant"] as string,
    number: row["number"] as number,
    event: fromBinary(EventSchema, row["data"] as Uint8Array),
  });

  return {
    sequence(limit) {
      const rows = outbox.all(limit) as { position: number; tenant: string; data: Uint8Array }[];
      const last = rows.at(-1);
      if (last === undefined) return 0;
      const ends = new Map([[wholeLog, end(wholeLog)]]);
      const next = (tenant: string): number => {
        const number = (ends.get(tenant) ?? end(tenant)) + 1;
        ends.set(tenant, number);
        return number;
      };
      for (const { tenant, data } of rows) append.run(next(wholeLog), tenant, next(tenant), data);
      for (const [tenant, number] of ends) setEnd.run(tenant, number);
      // One writer at a time, so that no position below the last can still appear.
      taken.run(last.position);
      return rows.length;
    },
    read: (after, limit) => select.all(after, limit).map(entry),
    readTenant: (tenant, after, limit) => selectTenant.all(tenant, after, limit).map(entry),
    end: () => end(wholeLog),
  };
}
