import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

/** A role as it is after a change. */
interface Changed {
  readonly id: string;
  readonly version: number;
}

/** A role was changed in these fields. */
export const roleUpdated = (call: Outbound, now: number, { id, version }: Changed, paths: string[]): Event =>
  eventOf(
    call,
    now,
    { type: "role", id, version },
    { case: "roleUpdated", value: { $typeName: "koder.events.v1.RoleUpdated", paths } },
  );

/** A role was deleted. */
export const roleDeleted = (call: Outbound, now: number, { id, version }: Changed, name: string): Event =>
  eventOf(
    call,
    now,
    { type: "role", id, version },
    { case: "roleDeleted", value: { $typeName: "koder.events.v1.RoleDeleted", name } },
  );
