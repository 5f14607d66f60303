import type { DeviceCodeSchema } from "#gen/koder/session/store/v1/device_code_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { deviceCodes } from "../collections.ts";

/** Names the keyed hash under which a device code is kept. */
export const deviceCodeUse = "device-code";

/** The record of a device code, under whichever version of the tenant's key hashed it. */
export async function findByDeviceCode(
  data: TenantStore,
  vault: TenantVault,
  code: string,
): Promise<Stored<typeof DeviceCodeSchema> | undefined> {
  if (code === "") return undefined;
  for (const hash of vault.keyedHashes(deviceCodeUse, code)) {
    const stored = await data.get(deviceCodes, hash);
    if (stored !== undefined) return stored;
  }
  return undefined;
}
