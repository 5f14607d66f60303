import type { PersonEvents } from "#gen/koder/admin/store/v1/person_events_pb.ts";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { LogReading } from "../../host/service-module.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { LogEntry, TenantStore } from "../../store/store.ts";
import { insert, remove } from "../../store/writes.ts";
import { personEvents } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { peopleOfEvent } from "./people-of-event.ts";
import { personEventsId, personEventsOf, stretchOf } from "./stretch.ts";

/** Reads the log under this name. */
export const personEventsReader = "person-events";
/** What is removed at once, and what this process remembers of what it noted. */
const [batch, mostRemembered] = [200, 10_000];

type Entries = readonly Pick<LogEntry, "number" | "event">[];

/**
 * Notes in which stretches of a log the events of each person are, as they enter it. When somebody was erased, it is forgotten;
 * what the services then do to finish that is noted of nobody, because they have nothing any more.
 */
export function notePersonEvents({ store, system }: Pick<AdminDependencies, "store" | "system">): LogReading {
  const noted = new Set<string>();
  const key = (data: TenantStore, id: string) => `${data.tenantId}/${id}`;

  async function forget(data: TenantStore, userId: string): Promise<void> {
    const query = { index: "id", prefix: `${userId}/`, limit: batch } as const;
    for (;;) {
      const { items } = await data.page(personEvents, query);
      if (items.length === 0) break;
      const removed = items.map((stored) => remove(personEvents, stored));
      await commitUnlessChanged(data, removed);
    }
    for (const one of noted) if (one.startsWith(key(data, `${userId}/`))) noted.delete(one);
  }

  /** What is to be noted of these events, by its id. */
  async function wantedOf(data: TenantStore, entries: Entries): Promise<ReadonlyMap<string, PersonEvents>> {
    const wanted = new Map<string, PersonEvents>();
    for (const { number, event } of entries) {
      const isErased = event.payload.case === "userErased";
      if (isErased) {
        await forget(data, event.resourceId);
        for (const [id, { userId }] of wanted) if (userId === event.resourceId) wanted.delete(id);
      }
      for (const userId of peopleOfEvent(event)) {
        if (isErased && userId === event.resourceId) continue;
        // A service by itself ends what is left of somebody erased; with whoever is there, more than that has happened before.
        const isByService = event.actor?.type === ActorType.SERVICE && event.payload.case !== "userCreated";
        if (isByService && !(await isKnown(data, wanted, userId))) continue;
        const record = personEventsOf(userId, stretchOf(number));
        wanted.set(personEventsId(record), record);
      }
    }
    return wanted;
  }

  async function note(data: TenantStore, entries: Entries): Promise<void> {
    const wanted = await wantedOf(data, entries);
    const missing = [...wanted].filter(([id]) => !noted.has(key(data, id)));
    const writes = missing.map(([, record]) => insert(personEvents, record));
    if (writes.length === 0) return;
    // One that another process noted, or this one before it ended, is there already.
    if (!(await commitUnlessChanged(data, writes))) {
      for (const write of writes) await commitUnlessChanged(data, [write]);
    }
    if (noted.size > mostRemembered) noted.clear();
    for (const [id] of missing) noted.add(key(data, id));
  }

  return {
    name: personEventsReader,
    async handle(entries) {
      for (const [tenantId, own] of Map.groupBy(entries, (entry) => entry.tenantId)) {
        await note(tenantId === system.tenantId ? system : store.tenant(tenantId), own);
      }
    },
  };
}

async function isKnown(data: TenantStore, wanted: ReadonlyMap<string, PersonEvents>, userId: string): Promise<boolean> {
  for (const record of wanted.values()) if (record.userId === userId) return true;
  const { items } = await data.page(personEvents, { index: "id", prefix: `${userId}/`, limit: 1 });
  return items.length > 0;
}
