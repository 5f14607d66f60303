import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { LogoutDelivery } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import { eventOf, type CausingCall } from "../../../host/event.ts";

/** The event of a delivery that reaches this version; with `state` deleted, of one that is no more. */
export const deliveryChanged = (
  call: CausingCall,
  now: number,
  { id, clientId, sessionId, userId, attempts, lastFault, state }: LogoutDelivery,
  version: number,
): Event =>
  eventOf(
    call,
    now,
    { type: "logout_delivery", id, version },
    {
      case: "logoutDeliveryChanged",
      value: {
        $typeName: "koder.events.v1.LogoutDeliveryChanged",
        clientId,
        sessionId,
        state,
        attempts,
        fault: lastFault,
        userId,
      },
    },
  );
