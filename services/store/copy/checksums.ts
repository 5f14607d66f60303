import { hash } from "node:crypto";
import type { BulkPosition, BulkRow, BulkStore } from "../bulk-store.ts";

/** How many rows, and a checksum over all of them in their order. */
export interface Sum {
  readonly rows: number;
  /** SHA-256 in hexadecimal. */
  readonly checksum: string;
}

/** Rows that are read at a time. */
const batch = 500;
const start = Buffer.alloc(32);

/**
 * Sums a part up for each of its tenants: each row is hashed together with the checksum before it, so that the order counts
 * too. `onRows` is told how many rows were read.
 */
export async function sumsOf(
  bulk: BulkStore,
  part: string,
  onRows: (rows: number) => void,
): Promise<ReadonlyMap<string, Sum>> {
  const sums = new Map<string, { rows: number; digest: Buffer }>();
  let after: BulkPosition | undefined;
  for (;;) {
    const rows = await bulk.rows(part, after, batch);
    for (const row of rows) {
      const sum = sums.get(row.tenantId) ?? { rows: 0, digest: start };
      sums.set(row.tenantId, { rows: sum.rows + 1, digest: following(sum.digest, row) });
    }
    onRows(rows.length);
    after = rows.at(-1);
    if (after === undefined || rows.length < batch) break;
  }
  return new Map([...sums].map(([tenant, { rows, digest }]) => [tenant, { rows, checksum: digest.toString("hex") }]));
}

/** JSON keeps text, numbers and what is absent apart; the bytes stand last, so that nothing can be taken for another. */
function following(before: Buffer, { tenantId, key, number, expiresAt, data }: BulkRow): Buffer {
  const head = Buffer.from(JSON.stringify([tenantId, key, number, expiresAt ?? null, data.length]));
  return hash("sha256", Buffer.concat([before, head, data]), "buffer");
}

/** One checksum for those of several tenants, whatever the order in which they came. */
export function sumOfAll(sums: ReadonlyMap<string, Sum>): Sum {
  const lines = [...sums].map(([tenant, { rows, checksum }]) => `${tenant} ${rows} ${checksum}\n`).toSorted();
  return {
    rows: sums.values().reduce((total, { rows }) => total + rows, 0),
    checksum: hash("sha256", lines.join("")),
  };
}
