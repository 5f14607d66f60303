import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

/** The event of a client that was made at `now` (ms): by an administrator, or by itself. */
export const clientCreated = (
  call: Call,
  now: number,
  { clientId, clientName, dynamicallyRegistered }: Client,
): Event =>
  eventOf(
    call,
    now,
    { type: "client", id: clientId, version: 1 },
    {
      case: "clientCreated",
      value: { $typeName: "koder.events.v1.ClientCreated", clientName, dynamicallyRegistered },
    },
  );
