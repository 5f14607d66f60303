import { create } from "@bufbuild/protobuf";
import { DeviceCodeSchema } from "#gen/koder/session/store/v1/device_code_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { deviceCodes } from "../collections.ts";

/** RFC 8628 §3.5: what the interval grows by, in seconds. */
const step = 5;
/** It grows no further: so a device that never listens costs eleven writes in all. */
const longest = 60;
/** What the network may take from an interval that the device kept, in milliseconds. */
const grace = 1_000;

/**
 * Whether a device that asked `before` (ms) must wait longer; its interval then grows, for every replica. A growth that
 * another one overtook is left at that: the device was told, and waits longer than it is asked to.
 */
export async function slowDown(
  data: TenantStore,
  call: Call,
  { record, version }: Stored<typeof DeviceCodeSchema>,
  before: number | undefined,
  now: number,
): Promise<boolean> {
  if (before === undefined || now - before >= record.intervalSeconds * 1_000 - grace) return false;
  if (record.intervalSeconds >= longest) return true;
  const slowed = create(DeviceCodeSchema, { ...record, intervalSeconds: record.intervalSeconds + step });
  const event = eventOf(
    call,
    now,
    { type: "device_code", id: record.codeHash, version: version + 1 },
    {
      case: "deviceCodeSlowed",
      value: { $typeName: "koder.events.v1.DeviceCodeSlowed", intervalSeconds: slowed.intervalSeconds },
    },
  );
  await commitUnlessChanged(data, [replace(deviceCodes, slowed, version)], [event]);
  return true;
}
