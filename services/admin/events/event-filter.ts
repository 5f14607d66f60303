import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ListEventsRequest } from "#gen/koder/admin/v1/event_service_pb.ts";
import { EventSchema, type Event } from "#gen/koder/events/v1/event_pb.ts";
import { peopleOfEvent } from "../person-events/people-of-event.ts";

const typeOf = new Map(EventSchema.fields.map(({ localName, name }) => [localName, name]));

/** Whether an event is one that a request asks for. */
export function eventFilter(request: ListEventsRequest): (event: Event) => boolean {
  const { type, resourceType, resourceId, actorId, userId, requestId, fromTime, toTime } = request;
  const [from, to] = [fromTime && timestampMs(fromTime), toTime && timestampMs(toTime)];
  return (event) => {
    const at = event.time === undefined ? 0 : timestampMs(event.time);
    return (
      (type === "" || typeOf.get(event.payload.case ?? "") === type) &&
      (resourceType === "" || event.resourceType === resourceType) &&
      (resourceId === "" || event.resourceId === resourceId) &&
      (actorId === "" || event.actor?.id === actorId) &&
      (userId === "" || peopleOfEvent(event).has(userId)) &&
      (requestId === "" || event.requestId === requestId) &&
      (from === undefined || at >= from) &&
      (to === undefined || at < to)
    );
  };
}
