import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ListEventsRequest } from "#gen/koder/admin/v1/event_service_pb.ts";
import { EventSchema, type Event } from "#gen/koder/events/v1/event_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";
import { peopleOfEvent } from "../person-events/people-of-event.ts";

const payloads = EventSchema.oneofs.flatMap(({ fields }) => fields);
const typeOf = new Map(payloads.map(({ localName, name }) => [localName, name]));
const types: ReadonlySet<string> = new Set(typeOf.values());

/** Whether an event is one that a request asks for. Throws INVALID_REQUEST for a type that no event has. */
export function eventFilter(request: ListEventsRequest): (event: Event) => boolean {
  const { type, resourceType, resourceId, actorId, userId, requestId, fromTime, toTime } = request;
  if (type !== "" && !types.has(type)) {
    const description = "must be the name of an event's payload, such as user_created";
    throw failure(ErrorReason.INVALID_REQUEST, `type: ${description}`, {
      violations: [{ field: "type", description }],
    });
  }
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
