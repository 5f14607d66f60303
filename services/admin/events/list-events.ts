import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListEventsResponseSchema,
  LoggedEventSchema,
  type ListEventsRequest,
  type ListEventsResponse,
} from "#gen/koder/admin/v1/event_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { LogEntry } from "../../store/store.ts";
import { keySpace } from "../api-keys/key-spaces.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { eventFilter } from "./event-filter.ts";
import { eventsAround, everyEvent } from "./event-orders.ts";

/** The most that one call looks at: whoever filters much goes on by the page's token. And the reads that this takes at most. */
const [mostLooked, mostReads] = [2_000, 100];

/** The events of the tenant, or those above tenants, from the log: what has not entered it yet follows within a second. */
export function listEvents(dependencies: Pick<AdminDependencies, "store" | "system" | "pageTokens">) {
  const { pageTokens } = dependencies;
  return async (request: ListEventsRequest, context: HandlerContext): Promise<ListEventsResponse> => {
    const call = callOf(context);
    const data = keySpace(dependencies, call, request.instance, "instance");
    const { pageToken: _token, pageSize: _size, ...filters } = request;
    const listing = `events?${JSON.stringify(filters, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value))}`;
    const { oldestFirst, userId } = request;
    const order =
      userId === ""
        ? everyEvent(data, oldestFirst)
        : eventsAround({ data, system: dependencies.system }, userId, oldestFirst);
    const afterNumber = Number(request.afterNumber);
    const isAskedFor = eventFilter(request);
    const { limit, after } = await pageTokens.requestedPage(call, listing, request);
    let at = after === undefined ? await order.start(afterNumber) : Number(after.value);
    const events: LogEntry[] = [];
    let isEnd = false;
    for (let [looked, reads] = [0, 0]; looked < mostLooked && reads < mostReads && !isEnd; reads += 1) {
      if (events.length >= limit) break;
      const read = await order.next(at, afterNumber);
      for (const entry of read.entries) {
        if (events.length >= limit) break;
        at = entry.number;
        if (isAskedFor(entry.event)) events.push(entry);
      }
      looked += read.entries.length;
      isEnd = read.isEnd && events.length < limit;
    }
    return create(ListEventsResponseSchema, {
      events: events.map(({ number, event }) => create(LoggedEventSchema, { number: BigInt(number), event })),
      nextPageToken: await pageTokens.nextPageToken(call, listing, isEnd ? undefined : { value: at, id: "" }),
    });
  };
}
