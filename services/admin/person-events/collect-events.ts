import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import {
  CollectEventsResponseSchema,
  type CollectEventsRequest,
  type CollectEventsResponse,
} from "#gen/koder/admin/v1/personal_data_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { eventsOfPerson } from "./events-of-person.ts";
import { shownToPerson } from "./shown-to-person.ts";

/** Events of one part, and reads of the log that found nothing more: so much is in memory, and takes so long. */
const [mostEvents, mostReads] = [1_000, 40];

/** A part of the events of a person. */
export function collectEvents(dependencies: Pick<AdminDependencies, "store" | "system">) {
  return async (request: CollectEventsRequest, context: HandlerContext): Promise<CollectEventsResponse> => {
    const { tenantId } = callOf(context);
    const { userId, after, instance } = request;
    const events: Event[] = [];
    let reads = 0;
    for await (const { event, place } of eventsOfPerson(dependencies, { tenantId, userId, after, instance })) {
      if (event === undefined) reads += 1;
      else events.push(shownToPerson(event, userId));
      // What has no place yet comes last, all at once: it is little, and who went on behind a part of it would meet it again.
      if (place !== undefined && (events.length >= mostEvents || reads === mostReads)) {
        return create(CollectEventsResponseSchema, { events, next: place });
      }
    }
    return create(CollectEventsResponseSchema, { events });
  };
}
