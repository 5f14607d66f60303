import type { DescMessage, JsonObject, MessageShape } from "@bufbuild/protobuf";
import { everyRecord } from "../store/every-record.ts";
import type { Collection, PageQuery, Stored, TenantStore } from "../store/store.ts";
import { shownRecord } from "./shown-record.ts";

/** How records are found that hold something of a person: by their id, by an index, or by how their ids begin. */
export type Where = { readonly id: string } | Pick<PageQuery, "index" | "equals"> | { readonly idPrefix: string };

/** A collection that holds something of people, and how what is a person's is found in it. Made by `personal`. */
export interface PersonalCollection {
  readonly collection: Collection;
  /** What is shown of a person here, into `found` under the collection's name; with whatever hangs on it. */
  readonly collect: (data: TenantStore, id: string, found: Map<string, JsonObject[]>) => Promise<void>;
}

const batch = 200;

/**
 * A collection where what is a person's is found by their id, or, within another one, by its record; `within` hangs on each
 * record of this one.
 */
export function personal<Desc extends DescMessage>(
  collection: Collection<Desc>,
  where: (id: string) => Where,
  within: readonly { readonly of: (record: MessageShape<Desc>) => string; readonly part: PersonalCollection }[] = [],
): PersonalCollection {
  return {
    collection,
    async collect(data, id, found) {
      for await (const { record } of recordsAt(data, collection, where(id))) {
        const shown = shownRecord(collection.schema, record, undefined);
        const shownBefore = found.get(collection.name);
        if (shownBefore === undefined) found.set(collection.name, [shown]);
        else shownBefore.push(shown);
        for (const { of, part } of within) await part.collect(data, of(record), found);
      }
    },
  };
}

/** Everything that these collections hold of a person: lists of records by the collections' names, without secrets. */
export async function personalData(
  data: TenantStore,
  collections: readonly PersonalCollection[],
  userId: string,
): Promise<JsonObject> {
  const found = new Map<string, JsonObject[]>();
  for (const { collect } of collections) await collect(data, userId, found);
  return Object.fromEntries(found);
}

async function* recordsAt<Desc extends DescMessage>(
  data: TenantStore,
  collection: Collection<Desc>,
  where: Where,
): AsyncGenerator<Stored<Desc>> {
  if ("id" in where) {
    const stored = await data.get(collection, where.id);
    if (stored !== undefined) yield stored;
    return;
  }
  const part = "idPrefix" in where ? { index: "id", prefix: where.idPrefix } : where;
  yield* everyRecord(data, collection, { ...part, limit: batch });
}
