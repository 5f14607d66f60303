import type { Message } from "@bufbuild/protobuf";
import { checkIndexValue } from "../../check-input.ts";
import type { Collection, Index, IndexValue } from "../../store.ts";

/** A column of an index: its SQL name and type, and what a record puts there. */
export interface IndexColumn {
  readonly index: string;
  readonly column: string;
  readonly type: "TEXT" | "INTEGER";
  readonly unique: boolean;
  /** Throws a RangeError for a value that cannot be kept. */
  readonly read: (record: Message) => IndexValue | null;
}

/** The columns that stand beside a collection's records, always in the same order. */
export function indexColumns(collection: Collection): readonly IndexColumn[] {
  const columnsOf = (indexes: Collection["indexes"] = {}, unique: boolean) =>
    Object.entries(indexes).map(([index, declared]) => indexColumn(collection.name, index, declared, unique));
  return [...columnsOf(collection.unique, true), ...columnsOf(collection.indexes, false)];
}

function indexColumn(
  collection: string,
  index: string,
  { type, value }: Index<Collection["schema"]>,
  unique: boolean,
): IndexColumn {
  const what = `${collection}.${index}`;
  return {
    index,
    // The prefix keeps them apart from the columns that every table has, and a unique index from a plain one.
    column: `${unique ? "u" : "i"}_${index}`,
    type: type === "text" ? "TEXT" : "INTEGER",
    unique,
    read(record) {
      const found = value(record);
      if (found === undefined) return null;
      checkIndexValue(what, type, found);
      return found;
    },
  };
}
