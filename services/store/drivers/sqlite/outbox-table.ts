import type { DatabaseSync } from "node:sqlite";
import { fromBinary } from "@bufbuild/protobuf";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import type { OutboxEntry } from "../../store.ts";
import { limited } from "../sql/limited.ts";

/** The statements of the outbox: events in the order of their commits, until the sequencer has taken them. */
export interface OutboxTable {
  append(tenant: string, event: Uint8Array): void;
  read(after: number, limit: number): readonly OutboxEntry[];
}

/** Prepares the statements of the outbox. */
export function outboxTable(database: DatabaseSync): OutboxTable {
  const insert = database.prepare("INSERT INTO outbox (tenant, data) VALUES (?, ?)");
  const select = database.prepare(
    `SELECT position, tenant, data FROM outbox WHERE position > ? ORDER BY position ${limited}`,
  );
  return {
    append: (tenant, event) => void insert.run(tenant, event),
    read: (after, limit) =>
      select.all(after, limit).map((row) => ({
        position: row["position"] as number,
        tenantId: row["tenant"] as string,
        event: fromBinary(EventSchema, row["data"] as Uint8Array),
      })),
  };
}
