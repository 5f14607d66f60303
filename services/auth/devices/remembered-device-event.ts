import type { RememberedDevice } from "#gen/koder/auth/store/v1/remembered_device_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

/** A browser is remembered, or not any more; `version` is the record's after that. */
export const rememberedDeviceChanged = (
  call: Outbound,
  now: number,
  { id, userId }: RememberedDevice,
  version: number,
  state: "remembered" | "forgotten",
): Event =>
  eventOf(
    call,
    now,
    { type: "remembered_device", id, version },
    {
      case: "rememberedDeviceChanged",
      value: { $typeName: "koder.events.v1.RememberedDeviceChanged", userId, state },
    },
  );
