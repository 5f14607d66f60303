import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListEventsResponseSchema,
  LoggedEventSchema,
  type ListEventsRequest,
  type ListEventsResponse,
} from "#gen/koder/admin/v1/event_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { LogEntry, TenantStore } from "../../store/store.ts";
import { keySpace } from "../api-keys/key-spaces.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { eventFilter } from "./event-filter.ts";
import { lastNumber } from "./last-number.ts";

const defaultPageSize = 50;
/** Events of one read, and the most that one call looks at: whoever filters much goes on by the page's token. */
const [batch, mostLooked] = [200, 2_000];

/** An order in which events are looked at: where it begins, and what comes next after the number that was looked at last. */
interface Order {
  readonly start: (data: TenantStore, afterNumber: number) => Promise<number>;
  readonly next: (data: TenantStore, from: number, afterNumber: number) => Promise<readonly LogEntry[]>;
}

const oldestFirst: Order = {
  start: (_data, afterNumber) => Promise.resolve(afterNumber),
  next: (data, from) => data.events(from, batch),
};
const newestFirst: Order = {
  start: async (data) => (await lastNumber(data)) + 1,
  async next(data, from, afterNumber) {
    const after = Math.max(afterNumber, from - 1 - batch);
    return from - 1 <= after ? [] : (await data.events(after, from - 1 - after)).toReversed();
  },
};

/** The events of the tenant, or those above tenants, from the log: what has not entered it yet follows within a second. */
export function listEvents(dependencies: Pick<AdminDependencies, "store" | "system" | "pageTokens">) {
  const { pageTokens } = dependencies;
  return async (request: ListEventsRequest, context: HandlerContext): Promise<ListEventsResponse> => {
    const call = callOf(context);
    const data = keySpace(dependencies, call, request.instance);
    const { pageToken, pageSize, ...filters } = request;
    const listing = `events?${JSON.stringify(filters, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value))}`;
    const order = request.oldestFirst ? oldestFirst : newestFirst;
    const afterNumber = Number(request.afterNumber);
    const isAskedFor = eventFilter(request);
    const size = pageSize || defaultPageSize;
    let at =
      pageToken === ""
        ? await order.start(data, afterNumber)
        : Number((await pageTokens.decode(call, listing, pageToken)).value);
    const events: LogEntry[] = [];
    let isEnd = false;
    for (let looked = 0; looked < mostLooked && events.length < size && !isEnd;) {
      const entries = await order.next(data, at, afterNumber);
      for (const entry of entries) {
        if (events.length >= size) break;
        at = entry.number;
        if (isAskedFor(entry.event)) events.push(entry);
      }
      looked += entries.length;
      isEnd = events.length < size && entries.length < batch;
    }
    return create(ListEventsResponseSchema, {
      events: events.map(({ number, event }) => create(LoggedEventSchema, { number: BigInt(number), event })),
      nextPageToken: isEnd ? "" : await pageTokens.encode(call, listing, { value: at, id: "" }),
    });
  };
}
