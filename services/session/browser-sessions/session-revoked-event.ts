import type { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { eventOf, type CausingCall } from "../../host/event.ts";
import type { Stored } from "../../store/store.ts";

/** Why a session ended; in its event. */
export type SessionEndReason = "logout" | "revoked" | "replaced" | "voided" | "expired" | "idle";

/** The event of a session that ends with this call. */
export function sessionRevoked(
  call: CausingCall,
  now: number,
  { record, version }: Stored<typeof SessionSchema>,
  reason: SessionEndReason,
): Event {
  return eventOf(
    call,
    now,
    { type: "session", id: record.id, version: version + 1 },
    { case: "sessionRevoked", value: { $typeName: "koder.events.v1.SessionRevoked", userId: record.userId, reason } },
  );
}
