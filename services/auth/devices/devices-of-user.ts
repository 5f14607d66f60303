import type { RememberedDeviceSchema } from "#gen/koder/auth/store/v1/remembered_device_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { rememberedDevices } from "../collections.ts";
import { rememberedDeviceChanged } from "./remembered-device-event.ts";

/** More than anybody has browsers, in 30 days. */
const mostDevices = 200;

/** The browsers that a person has remembered. */
export async function devicesOfUser(
  data: TenantStore,
  userId: string,
): Promise<readonly Stored<typeof RememberedDeviceSchema>[]> {
  return (await data.page(rememberedDevices, { index: "user_id", equals: userId, limit: mostDevices })).items;
}

/** Forgets some of them; one that was remembered anew at this moment stays. */
export async function forgetDevices(
  data: TenantStore,
  call: Outbound,
  now: number,
  devices: readonly Stored<typeof RememberedDeviceSchema>[],
): Promise<void> {
  for (const device of devices) {
    const forgotten = rememberedDeviceChanged(call, now, device.record, device.version + 1, "forgotten");
    await commitUnlessChanged(data, [remove(rememberedDevices, device)], [forgotten]);
  }
}
