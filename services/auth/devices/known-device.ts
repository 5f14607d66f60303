import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { KnownDeviceSchema } from "#gen/koder/auth/store/v1/known_device_pb.ts";
import type { Stored, TenantStore, Write } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { knownDevices } from "../collections.ts";

/** How long a browser is known to an account after a sign-in there, in milliseconds: as long as it keeps its own token. */
const knownFor = 30 * 86_400_000;
/** Not written anew before so much of it has passed, in milliseconds. */
const freshFor = 86_400_000;

const use = "known-device";
const secretOf = (userId: string, browserToken: string): string => `${userId}/${browserToken}`;

/** What was read of a browser: undefined where the user has not signed in there. */
export interface ReadDevice {
  readonly stored: Stored<typeof KnownDeviceSchema> | undefined;
}

/** The browser, if the user has signed in there. For a name that nobody has the same is looked up (security A23). */
export function knownDevice(
  data: TenantStore,
  vault: TenantVault,
  userId: string,
  browserToken: string,
): Promise<Stored<typeof KnownDeviceSchema> | undefined> {
  return findBySecret(vault, use, secretOf(userId, browserToken), (hash) => data.get(knownDevices, hash));
}

/** What attempts there are counted under beside the account (`Attempt.knownDevice`); undefined where the user has not signed in there. */
export async function knownDeviceId(
  data: TenantStore,
  vault: TenantVault,
  userId: string,
  browser: { readonly browserToken: string } | undefined,
): Promise<string | undefined> {
  return (await knownDevice(data, vault, userId, browser?.browserToken ?? ""))?.record.idHash;
}

/**
 * What remembers the browser, for the commit that completes a sign-in there; nothing where it was remembered lately. `read` is what
 * was read of it before.
 */
export async function rememberDevice(
  data: TenantStore,
  vault: TenantVault,
  now: number,
  userId: string,
  browserToken: string,
  read?: ReadDevice,
): Promise<readonly Write[]> {
  if (browserToken === "") return [];
  const { stored } = read ?? { stored: await knownDevice(data, vault, userId, browserToken) };
  const expireTime = timestampFromMs(now + knownFor);
  if (stored === undefined) {
    const idHash = vault.keyedHash(use, secretOf(userId, browserToken));
    return [insert(knownDevices, create(KnownDeviceSchema, { idHash, expireTime }))];
  }
  const until = stored.record.expireTime === undefined ? 0 : timestampMs(stored.record.expireTime);
  if (until - now > knownFor - freshFor) return [];
  return [replace(knownDevices, create(KnownDeviceSchema, { ...stored.record, expireTime }), stored.version)];
}
