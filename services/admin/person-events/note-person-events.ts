import type { PersonEvents } from "#gen/koder/admin/store/v1/person_events_pb.ts";
import type { LogReading } from "../../host/service-module.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { LogEntry, TenantStore } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { personEvents } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { peopleOfEvent } from "./people-of-event.ts";
import { personEventsId, personEventsOf, stretchOf } from "./stretch.ts";

/** Reads the log under this name. */
export const personEventsReader = "person-events";
/** What this process remembers of what it noted. */
const mostRemembered = 10_000;

type Entries = readonly Pick<LogEntry, "number" | "event">[];

/**
 * Notes in which stretches of a log the events of each person are, as they enter it. It stays when they are erased, as the log
 * does: by an id that says nothing of them, auditors find what was done (docs/decisions/0010-events-of-the-erased.md).
 */
export function notePersonEvents({ store, system }: Pick<AdminDependencies, "store" | "system">): LogReading {
  const noted = new Set<string>();
  const key = (data: TenantStore, id: string) => `${data.tenantId}/${id}`;

  async function note(data: TenantStore, entries: Entries): Promise<void> {
    const wanted = wantedOf(entries);
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
    from: "beginning",
    async handle(entries) {
      for (const [tenantId, own] of Map.groupBy(entries, (entry) => entry.tenantId)) {
        await note(tenantId === system.tenantId ? system : store.tenant(tenantId), own);
      }
    },
  };
}

/** What is to be noted of these events, by its id. */
function wantedOf(entries: Entries): ReadonlyMap<string, PersonEvents> {
  const wanted = new Map<string, PersonEvents>();
  for (const { number, event } of entries) {
    for (const userId of peopleOfEvent(event)) {
      const record = personEventsOf(userId, stretchOf(number));
      wanted.set(personEventsId(record), record);
    }
  }
  return wanted;
}
