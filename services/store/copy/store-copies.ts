import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { StoreCopySchema, type StoreCopy } from "#gen/koder/host/store/v1/store_copy_pb.ts";
import { Conflict, type Collection, type Store, type SystemStore } from "../store.ts";
import { insert } from "../writes.ts";

/** What a store is, and what was copied into it. It belongs to no tenant, and is the one part that is never copied. */
export const storeCopies: Collection<typeof StoreCopySchema> = {
  name: "store_copies",
  schema: StoreCopySchema,
  id: (copy) => copy.id,
  events: "none",
};

/** The random name of a store; it gets one when it is first asked for. `newId` makes an id that nobody else makes. */
export async function storeIdOf(system: SystemStore, newId: () => string): Promise<string> {
  for (;;) {
    const stored = await system.get(storeCopies, "self");
    if (stored !== undefined) return stored.record.storeId;
    try {
      await system.commit([insert(storeCopies, create(StoreCopySchema, { id: "self", storeId: newId() }))], []);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error; // another process was first
    }
  }
}

/** Refuses a store into which another one is being copied, with a sentence for people. */
export async function refuseUnfinishedCopy(store: Store): Promise<void> {
  const copy = (await store.system().get(storeCopies, "source"))?.record;
  if (copy === undefined || copy.endTime !== undefined) return;
  throw new Error(
    `the store holds an unfinished copy of another one, begun at ${beginOf(copy)}: run koder-id store copy again until it ` +
      "says that all is equal, or use the store that it is copied from",
  );
}

/** When a copy began, for people. */
export function beginOf({ beginTime }: StoreCopy): string {
  return beginTime === undefined ? "an unknown time" : timestampDate(beginTime).toISOString();
}
