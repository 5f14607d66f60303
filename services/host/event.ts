import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EventSchema, type Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "./call.ts";
import { ulid } from "../vault/random.ts";

/** The resource that an event is about: its kind, id, and version after the change. */
export interface EventResource {
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

/** What causes an event: a call, or work of a service's own. */
export type CausingCall = Pick<Outbound, "requestId" | "tenantId" | "actor">;

/** An event of what `call` did at `now` (ms) to `resource`; give it to the commit of that change. */
export function eventOf(
  call: CausingCall,
  now: number,
  resource: EventResource,
  payload: Exclude<Event["payload"], { case: undefined }>,
): Event {
  return create(EventSchema, {
    id: ulid(now),
    time: timestampFromMs(now),
    tenantId: call.tenantId,
    resourceType: resource.type,
    resourceId: resource.id,
    resourceVersion: BigInt(resource.version),
    actor: { id: call.actor.id, type: call.actor.type },
    requestId: call.requestId,
    payload,
  });
}
