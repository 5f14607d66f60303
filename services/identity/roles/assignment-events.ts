import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { RoleAssignment } from "#gen/koder/identity/store/v1/role_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

/** Somebody was given a role. */
export const roleAssigned = (call: Outbound, now: number, { id, roleId, subject }: RoleAssignment): Event =>
  eventOf(
    call,
    now,
    { type: "role_assignment", id, version: 1 },
    { case: "roleAssigned", value: { $typeName: "koder.events.v1.RoleAssigned", roleId, subject } },
  );

/** A role was taken from somebody. */
export const roleUnassigned = (call: Outbound, now: number, { id, roleId, subject }: RoleAssignment): Event =>
  eventOf(
    call,
    now,
    { type: "role_assignment", id, version: 2 },
    { case: "roleUnassigned", value: { $typeName: "koder.events.v1.RoleUnassigned", roleId, subject } },
  );
