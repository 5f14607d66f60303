import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { GroupMember } from "#gen/koder/identity/store/v1/group_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

/** A user or a group came into a group. */
export const groupMemberAdded = (call: Outbound, now: number, { id, groupId, member }: GroupMember): Event =>
  eventOf(
    call,
    now,
    { type: "group_member", id, version: 1 },
    { case: "groupMemberAdded", value: { $typeName: "koder.events.v1.GroupMemberAdded", groupId, member } },
  );

/** A user or a group left a group. */
export const groupMemberRemoved = (call: Outbound, now: number, { id, groupId, member }: GroupMember): Event =>
  eventOf(
    call,
    now,
    { type: "group_member", id, version: 2 },
    { case: "groupMemberRemoved", value: { $typeName: "koder.events.v1.GroupMemberRemoved", groupId, member } },
  );
