import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { logReaders } from "../../host/event-log/log-reader.ts";
import { everyPage } from "../../store/every-record.ts";
import type { LogEntry, OutboxEntry, TenantStore } from "../../store/store.ts";
import { personEvents } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { personEventsReader } from "./note-person-events.ts";
import { peopleOfEvent } from "./people-of-event.ts";
import { personEventsId, stretchLength, stretchOf } from "./stretch.ts";

/**
 * Where an event was found, to go on behind it: its number in the log of the tenant or the instance, with the position up to which
 * that is read by its notes; or its position, beyond that.
 */
export type EventPlace = `${"tenant" | "instance"}:${number}:${number}` | `log:${number}`;

/** An event of the person, or only how far one has looked by now. What has not entered the log has no place. */
export type FoundEvent =
  | { readonly event: Event; readonly place: EventPlace | undefined }
  | { readonly event: undefined; readonly place: EventPlace };

/** Stretches that are read at once, and entries of other reads. */
const [atOnce, batch] = [8, 500];

/**
 * The events of a person, oldest first within each place: those of their tenant's log, then those above tenants (with `instance`
 * alone), both by what is noted of them, then what entered the log since it was noted, then what has not entered it yet. Events
 * move on meanwhile, in this direction alone: so what waits is read first, then how far the notes go, and nothing is passed over.
 * Each comes once.
 */
export async function* eventsOfPerson(
  { store, system }: Pick<AdminDependencies, "store" | "system">,
  {
    tenantId,
    userId,
    after,
    instance,
  }: { readonly tenantId: string; readonly userId: string; readonly after: string; readonly instance: boolean },
): AsyncGenerator<FoundEvent> {
  const isTheirs = (entry: Pick<OutboxEntry, "tenantId" | "event">): boolean =>
    (entry.tenantId === tenantId || (instance && entry.tenantId === system.tenantId)) &&
    peopleOfEvent(entry.event).has(userId);
  const waiting: Event[] = [];
  for await (const entry of following((from) => system.outbox(from, batch), 0)) {
    if (entry !== undefined && isTheirs(entry)) waiting.push(entry.event);
  }
  const [place = "tenant", from = "0", upTo] = after === "" ? [] : after.split(":");
  const notedUpTo = Number(upTo ?? (await system.get(logReaders, personEventsReader))?.record.position ?? 0n);

  const logs = [["tenant", store.tenant(tenantId)], ...(instance ? ([["instance", system]] as const) : [])] as const;
  for (const [name, data] of place === "log" ? [] : place === "tenant" ? logs : logs.slice(1)) {
    const behind = name === place ? Number(from) : 0;
    for await (const { number, event } of noted(data, userId, behind, notedUpTo)) {
      yield { event, place: `${name}:${number}:${notedUpTo}` };
    }
  }
  const entered = new Set<string>();
  let position = place === "log" ? Number(from) : notedUpTo;
  for await (const entry of following((at) => system.log(at, batch), position)) {
    if (entry === undefined) yield { event: undefined, place: `log:${position}` };
    else {
      position = entry.position;
      if (!isTheirs(entry)) continue;
      entered.add(entry.event.id);
      yield { event: entry.event, place: `log:${position}` };
    }
  }
  for (const event of waiting) if (!entered.has(event.id)) yield { event, place: undefined };
}

/** Their events in the stretches that are noted, behind a number and up to a position of the log. */
async function* noted(data: TenantStore, userId: string, behind: number, upTo: number): AsyncGenerator<LogEntry> {
  const first = personEventsId({ userId, stretch: BigInt(stretchOf(behind + 1)) });
  // "0" comes next after "/".
  const query = { index: "id", range: { from: first, to: `${userId}0` }, limit: 200 } as const;
  for await (const items of everyPage(data, personEvents, query)) {
    for (let at = 0; at < items.length; at += atOnce) {
      const stretches = items.slice(at, at + atOnce).map(({ record }) => Number(record.stretch));
      const read = await Promise.all(stretches.map((stretch) => data.events(stretch * stretchLength, stretchLength)));
      for (const [index, entries] of read.entries()) {
        for (const entry of entries) {
          const isInStretch = stretchOf(entry.number) === stretches[index];
          if (!isInStretch || entry.number <= behind || entry.position > upTo) continue;
          if (peopleOfEvent(entry.event).has(userId)) yield entry;
        }
      }
    }
  }
}

/** Everything behind a position; undefined after each read. */
async function* following<Entry extends { readonly position: number }>(
  read: (after: number) => Promise<readonly Entry[]>,
  from: number,
): AsyncGenerator<Entry | undefined> {
  for (let after = from, isMore = true; isMore;) {
    const entries = await read(after);
    yield* entries;
    yield undefined;
    after = entries.at(-1)?.position ?? after;
    isMore = entries.length === batch;
  }
}
