import { create } from "@bufbuild/protobuf";
import { DeviceCodeSchema } from "#gen/koder/session/store/v1/device_code_pb.ts";
import type { Call } from "../../host/call.ts";
import { Conflict, type Stored, type TenantStore } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { deviceCodes } from "../collections.ts";
import { deviceCodeDecided } from "./decide-device-code.ts";

/** Takes back what was allowed to a device that has not asked for it yet. A used code stays; its grant is another matter. */
export async function takeBack(
  data: TenantStore,
  call: Call,
  now: number,
  { record, version }: Stored<typeof DeviceCodeSchema>,
): Promise<void> {
  if (record.grantId !== "" || record.decision !== "allowed") return;
  const denied = create(DeviceCodeSchema, { ...record, decision: "denied" });
  try {
    await data.commit([replace(deviceCodes, denied, version)], [deviceCodeDecided(call, now, denied, version + 1)]);
  } catch (error) {
    // The device used it, or somebody else took it back, since it was read.
    if (!(error instanceof Conflict)) throw error;
  }
}
