import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Collection, Stored, Write } from "./store.ts";

/** Insert-if-absent: the commit conflicts when the id or a unique value is taken. */
export function insert<Desc extends DescMessage>(collection: Collection<Desc>, record: MessageShape<Desc>): Write {
  return { kind: "insert", collection: collection as unknown as Collection, record };
}

/** Replace-if-version: the commit conflicts when the record is not at the version that was read. */
export function replace<Desc extends DescMessage>(
  collection: Collection<Desc>,
  record: MessageShape<Desc>,
  version: number,
): Write {
  return { kind: "replace", collection: collection as unknown as Collection, record, version };
}

/** Delete-if-version: the commit conflicts when the record is not at the version that was read. */
export function remove<Desc extends DescMessage>(collection: Collection<Desc>, stored: Stored<Desc>): Write {
  return {
    kind: "delete",
    collection: collection as unknown as Collection,
    id: collection.id(stored.record),
    version: stored.version,
  };
}
