import { toBinary, type Message } from "@bufbuild/protobuf";
import { checkInteger, checkRecordSize } from "../../check-input.ts";
import type { Collection, IndexValue } from "../../store.ts";
import type { IndexColumn } from "../sql/index-columns.ts";

/** A record as its row: made before anything waits, so that what the caller does to the record later changes nothing. */
export interface Row {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly expires: number | null;
  readonly data: Uint8Array;
  /** One for each index column, in their order. */
  readonly values: readonly (IndexValue | null)[];
}

/** Encodes a record. Throws a RangeError for what cannot be kept. */
export function encodeRow(collection: Collection, columns: readonly IndexColumn[], record: Message): Row {
  const data = toBinary(collection.schema, record);
  checkRecordSize(collection.name, data);
  const expires = collection.expiresAt?.(record) ?? null;
  if (expires !== null) checkInteger(`${collection.name}: expiresAt`, expires);
  return { id: collection.id(record), expires, data, values: columns.map((column) => column.read(record)) };
}
