import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import type { BulkRow } from "./bulk-store.ts";
import type { Collection } from "./store.ts";

/** A record as the row that an insert by a commit would have made; insert it into the part named like its collection. */
export function recordRow<Desc extends DescMessage>(
  collection: Collection<Desc>,
  tenantId: string,
  record: MessageShape<Desc>,
  version = 1,
): BulkRow {
  return {
    tenantId,
    key: collection.id(record),
    number: version,
    expiresAt: collection.expiresAt?.(record),
    data: toBinary(collection.schema, record),
  };
}
