import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { Conflict, type TenantStore, type Write } from "./store.ts";

/**
 * Commits writes whose caller has an answer for the case that somebody was there first: false when a condition of theirs did
 * not hold, so that nothing was done.
 */
export async function commitUnlessChanged(
  data: Pick<TenantStore, "commit">,
  writes: readonly Write[],
  events: readonly Event[] = [],
): Promise<boolean> {
  try {
    await data.commit(writes, events);
    return true;
  } catch (error) {
    if (error instanceof Conflict) return false;
    throw error;
  }
}
