import { fromBinary } from "@bufbuild/protobuf";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { wholeLog } from "../../check-input.ts";
import { LeaseLost, type Lease, type LogEntry, type OutboxEntry } from "../../store.ts";
import type { Read } from "./collection-table.ts";
import { bySize, inBatches, insertRows, places } from "./in-batches.ts";
import { leaseTable } from "./lease-table.ts";
import { statement, step, type SqlValue, type Step } from "./statement.ts";
import type { Ending, Send } from "./transactions.ts";

const append = statement("INSERT INTO outbox (tenant, data) VALUES ($1, $2)");
const selectOutbox = statement(
  "SELECT position, tenant, data FROM outbox WHERE position > $1 ORDER BY position LIMIT $2",
);
const columns = "SELECT position, tenant, number, data FROM log";
const select = statement(`${columns} WHERE position > $1 ORDER BY position LIMIT $2`);
const selectTenant = statement(`${columns} WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3`);
const endOf = statement("SELECT number FROM log_ends WHERE tenant = $1");
const pending = statement(`
  SELECT outbox.position, outbox.tenant, outbox.data, log_ends.number
  FROM outbox LEFT JOIN log_ends ON log_ends.tenant = outbox.tenant ORDER BY outbox.position LIMIT $1`);
const setEnd = statement(`
  INSERT INTO log_ends (tenant, number) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET number = excluded.number`);

const entry = ([position, tenantId, number, data]: readonly SqlValue[]): LogEntry => ({
  position: position as number,
  tenantId: tenantId as string,
  number: number as number,
  event: fromBinary(EventSchema, data as Uint8Array),
});

/** The statements of the outbox and the event log. */
export const logTable = {
  /** Appends an event to the outbox; its position grows along with the commits of a resource, whose row is locked. */
  append: (tenant: string, event: Uint8Array): Step => step(append, tenant, event),
  outbox: (after: number, limit: number): Read<readonly OutboxEntry[]> => ({
    step: step(selectOutbox, after, limit),
    result: (rows) =>
      rows.map(([position, tenantId, data]) => ({
        position: position as number,
        tenantId: tenantId as string,
        event: fromBinary(EventSchema, data as Uint8Array),
      })),
  }),
  read: (after: number, limit: number): Read<readonly LogEntry[]> => ({
    step: step(select, after, limit),
    result: (rows) => rows.map(entry),
  }),
  readTenant: (tenant: string, after: number, limit: number): Read<readonly LogEntry[]> => ({
    step: step(selectTenant, tenant, after, limit),
    result: (rows) => rows.map(entry),
  }),
  end: (): Read<number> => ({ step: step(endOf, wholeLog), result: ([row]) => (row?.[0] as number | undefined) ?? 0 }),
  sequence,
};

/**
 * The transaction that takes up to `limit` events over from the outbox, and answers how many. The row of the lease is
 * locked first, so that one sequencer is at work at a time and the ends of the log, read after that, are the last ones.
 */
async function sequence(send: Send, lease: Lease, limit: number): Promise<Ending<number>> {
  const answers = await send([leaseTable.hold(lease), step(endOf, wholeLog), step(pending, limit)]);
  const failed = answers.find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) throw failed;
  const [held, end, found] = answers;
  if (held?.count !== 1) throw new LeaseLost(lease);
  const rows = found?.rows ?? [];
  let position = (end?.rows[0]?.[0] as number | undefined) ?? 0;
  const ends = new Map<string, number>();
  const entries = rows.map(([, tenant, data, number]) => {
    const next = (ends.get(tenant as string) ?? (number as number | null) ?? 0) + 1;
    ends.set(tenant as string, next);
    position += 1;
    return [position, tenant as string, next, data as Uint8Array];
  });
  if (entries.length > 0) ends.set(wholeLog, position);
  // Commits that took earlier positions may still be under way: only what was seen is taken away.
  const taken = rows.map(([at]) => [at as number]);
  return {
    steps: [
      ...inBatches(insertMany, entries),
      ...[...ends].map(([tenant, number]) => step(setEnd, tenant, number)),
      ...inBatches(deleteMany, taken),
    ],
    answered(last) {
      const error = last.find((one) => one.error !== undefined)?.error;
      if (error !== undefined) throw error;
      return rows.length;
    },
    recovered: () => rows.length,
  };
}

const insertMany = bySize((size) => insertRows("log", ["position", "tenant", "number", "data"], size));
const deleteMany = bySize((size) => `DELETE FROM outbox WHERE position IN (${places(1, size)})`);
