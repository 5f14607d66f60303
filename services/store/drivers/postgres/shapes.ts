import type { Collection } from "../../store.ts";
import { indexColumns } from "../sql/index-columns.ts";

/**
 * Which index columns a version of the program fills in the rows of a collection. Every row carries the number of the
 * shape of who wrote it last, so that a version can tell rows that one without some of its columns has written, and fill
 * them: while both are at work, and after.
 */
export interface Shape {
  readonly number: number;
  /** `<column> <TYPE>`, in order, by commas. */
  readonly columns: string;
}

/** The shape of a collection as this version declares it, without its number. */
export function declaredColumns(collection: Collection): string {
  return indexColumns(collection)
    .map(({ column, type }) => `${column} ${type}`)
    .toSorted()
    .join(",");
}

/** The numbers of the shapes in whose rows some column of `mine` is not filled. */
export function shapesBehind(shapes: readonly Shape[], mine: string): readonly number[] {
  return shapes
    .filter(({ columns }) => split(mine).some((one) => !split(columns).includes(one)))
    .map((one) => one.number);
}

/** Throws when a column is known with another type. */
export function checkTypes(collection: Collection, shapes: readonly Shape[]): void {
  const known = new Set(shapes.flatMap(({ columns }) => split(columns)));
  for (const { index, column, type } of indexColumns(collection)) {
    const other = type === "TEXT" ? "INTEGER" : "TEXT";
    if (known.has(`${column} ${other}`)) {
      throw new Error(`the index ${index} of ${collection.name} cannot change its type: give the new one another name`);
    }
  }
}

function split(columns: string): readonly string[] {
  return columns === "" ? [] : columns.split(",");
}
