import { logReaders } from "../../host/event-log/log-reader.ts";
import type { LogEntry, SystemStore, TenantStore } from "../../store/store.ts";
import { personEvents } from "../collections.ts";
import { personEventsReader } from "../person-events/note-person-events.ts";
import { personEventsId, stretchLength, stretchOf } from "../person-events/stretch.ts";
import { lastNumber } from "./last-number.ts";

/** Events of one read. */
const batch = 200;

/** What one read has seen; at the end there is nothing further in this direction. */
interface Read {
  readonly entries: readonly LogEntry[];
  readonly isEnd: boolean;
}

/** An order in which events are looked at: where it begins, and what comes next after the number that was looked at last. */
export interface EventOrder {
  readonly start: (afterNumber: number) => Promise<number>;
  readonly next: (from: number, afterNumber: number) => Promise<Read>;
}

const forward = async (data: TenantStore, from: number): Promise<Read> => {
  const entries = await data.events(from, batch);
  return { entries, isEnd: entries.length < batch };
};
/** Those below a number and above another one, at most a batch. */
async function backward(data: TenantStore, from: number, above: number): Promise<Read> {
  const after = Math.max(above, from - 1 - batch);
  if (from - 1 <= after) return { entries: [], isEnd: true };
  return { entries: (await data.events(after, from - 1 - after)).toReversed(), isEnd: after === above };
}

/** All events of a log. */
export const everyEvent = (data: TenantStore, oldestFirst: boolean): EventOrder =>
  oldestFirst
    ? { start: (afterNumber) => Promise.resolve(afterNumber), next: (from) => forward(data, from) }
    : {
        start: async () => (await lastNumber(data)) + 1,
        next: (from, afterNumber) => backward(data, from, afterNumber),
      };

/**
 * Those among which a person's are: the stretches of the log that are noted of them, and what was not noted yet. So what a page
 * costs does not grow with the log.
 */
export function eventsAround(
  { data, system }: { readonly data: TenantStore; readonly system: SystemStore },
  userId: string,
  oldestFirst: boolean,
): EventOrder {
  let found: Promise<number> | undefined;
  const notNoted = () => (found ??= firstNotNoted(data, system));
  /** The nearest stretch with something of the person, from one on in a direction. */
  async function nearest(stretch: number, descending: boolean): Promise<number | undefined> {
    const id = (at: number) => personEventsId({ userId, stretch: BigInt(at) });
    const range = descending ? { from: id(0), to: id(stretch + 1) } : { from: id(stretch), to: `${userId}0` };
    const { items } = await data.page(personEvents, { index: "id", range, descending, limit: 1 });
    return items[0] === undefined ? undefined : Number(items[0].record.stretch);
  }
  const { start } = everyEvent(data, oldestFirst);
  return {
    start,
    async next(from, afterNumber) {
      const boundary = await notNoted();
      if (oldestFirst) {
        const stretch = from + 1 < boundary ? await nearest(stretchOf(from + 1), false) : undefined;
        // A note may be there already of what the reader has not come to the end of.
        if (stretch === undefined || stretch * stretchLength + 1 >= boundary) {
          return forward(data, Math.max(from, boundary - 1));
        }
        const after = Math.max(from, stretch * stretchLength);
        return { entries: await data.events(after, (stretch + 1) * stretchLength - after), isEnd: false };
      }
      if (from > boundary) return downTo(boundary - 1, from, afterNumber);
      const stretch = from > 1 ? await nearest(stretchOf(from - 1), true) : undefined;
      if (stretch === undefined) return { entries: [], isEnd: true };
      return downTo(stretch * stretchLength, Math.min(from, (stretch + 1) * stretchLength + 1), afterNumber);
    },
  };
  /** Those below a number down to where something else comes before, unless nothing does. */
  async function downTo(bottom: number, from: number, afterNumber: number): Promise<Read> {
    const { entries, isEnd } = await backward(data, from, Math.max(afterNumber, bottom));
    return { entries, isEnd: isEnd && afterNumber >= bottom };
  }
}

/** The number of the first event that the notes of people do not know of yet, or would be: positions grow with numbers. */
async function firstNotNoted(data: TenantStore, system: SystemStore): Promise<number> {
  const upTo = Number((await system.get(logReaders, personEventsReader))?.record.position ?? 0n);
  let [known, beyond] = [0, (await lastNumber(data)) + 1];
  while (beyond - known > 1) {
    const middle = Math.floor((known + beyond) / 2);
    const [entry] = await data.events(middle - 1, 1);
    if (entry !== undefined && entry.position <= upTo) known = middle;
    else beyond = middle;
  }
  return beyond;
}
