import { setImmediate as turn } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListEventsRequestSchema,
  LoggedEventSchema,
  WatchEventsResponseSchema,
  type WatchEventsRequest,
  type WatchEventsResponse,
} from "#gen/koder/admin/v1/event_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import type { LogEntry, TenantStore } from "../../store/store.ts";
import { keySpace } from "../api-keys/key-spaces.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { eventFilter } from "./event-filter.ts";
import { lastNumber } from "./last-number.ts";

/** Events of one read. */
const batch = 200;
/** After so many events everything else that the process does has its turn: who is told of a whole log would hold it up. */
const eventsOfTurn = 16;
/**
 * How long a look at the log is put off where nobody tells of an event, and after how long without an answer one comes, in
 * milliseconds: a second before the fifteen that are promised, for the look and the way.
 */
const [lookEvery, answerEvery] = [2_000, 14_000];

type Needs = Pick<AdminDependencies, "store" | "system" | "pageTokens" | "toldEvents" | "clock">;

/**
 * The events of the tenant, or those above tenants, as they enter the log. Whether the caller may still be told is asked around it,
 * by the interceptor that admitted them. It waits for the follower of this process to tell of an event, and looks at the log by
 * itself where that cannot.
 */
export function watchEvents(dependencies: Needs) {
  const { pageTokens, toldEvents, clock } = dependencies;
  return async function* (request: WatchEventsRequest, context: HandlerContext): AsyncGenerator<WatchEventsResponse> {
    const call = callOf(context);
    const data = keySpace(dependencies, call, request.instance, "instance");
    const { listing, isAskedFor } = filterOf(request);
    const leave = toldEvents.enter(data.tenantId);
    if (leave === undefined) {
      throw failure(ErrorReason.OVERLOADED, "too many watch the events of the tenant already", { retryAfter: 5 });
    }
    try {
      let at = await start(dependencies, call, data, listing, request);
      let answered = clock();
      const answer = async (entry?: LogEntry): Promise<WatchEventsResponse> => {
        answered = clock();
        return create(WatchEventsResponseSchema, {
          resumeToken: await pageTokens.encode(call, listing, { value: at, id: "" }),
          ...(entry === undefined
            ? {}
            : { event: create(LoggedEventSchema, { number: BigInt(entry.number), event: entry.event }) }),
        });
      };
      // Whoever comes learns at once from where on they are told.
      yield await answer();
      while (!context.signal.aborted) {
        const untilAnswer = Math.max(0, answered + answerEvery - clock());
        const told = toldEvents.wait(data.tenantId, context.signal, Math.min(lookEvery, untilAnswer));
        const entries = await data.events(at, batch);
        for (const [index, entry] of entries.entries()) {
          if (index % eventsOfTurn === eventsOfTurn - 1) await turn();
          at = entry.number;
          if (isAskedFor(entry.event)) yield await answer(entry);
        }
        if (clock() - answered >= answerEvery) yield await answer();
        if (entries.length < batch) await told;
      }
    } finally {
      leave();
    }
  };
}

/** What a token is good for, and which events are told of. */
function filterOf({ type, resourceType, resourceId, actorId, instance }: WatchEventsRequest) {
  const filters = { type, resourceType, resourceId, actorId };
  return {
    listing: `watched events?${JSON.stringify({ ...filters, instance })}`,
    isAskedFor: eventFilter(create(ListEventsRequestSchema, filters)),
  };
}

/** The number after which it begins. */
async function start(
  { pageTokens }: Needs,
  call: Call,
  data: TenantStore,
  listing: string,
  { resumeToken, afterNumber }: WatchEventsRequest,
): Promise<number> {
  if (resumeToken !== "") return Number((await pageTokens.decode(call, listing, resumeToken, "resume_token")).value);
  return afterNumber === undefined ? lastNumber(data) : Number(afterNumber);
}
