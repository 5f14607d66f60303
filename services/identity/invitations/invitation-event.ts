import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Invitation } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

/** Something happened to an invitation; `version` is the record's after it. Of the address the event says nothing. */
export const invitationChanged = (
  call: Outbound,
  now: number,
  { id, userId }: Invitation,
  version: number,
  state: "created" | "resent" | "revoked" | "accepted",
): Event =>
  eventOf(
    call,
    now,
    { type: "invitation", id, version },
    { case: "invitationChanged", value: { $typeName: "koder.events.v1.InvitationChanged", state, userId } },
  );
