import type { DeviceCodeSchema } from "#gen/koder/session/store/v1/device_code_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
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
  return findBySecret(vault, deviceCodeUse, code, (hash) => data.get(deviceCodes, hash));
}
