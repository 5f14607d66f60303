import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { TenantKeySchema, type TenantKey } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { vaultTenantKeys } from "./collections.ts";
import type { MasterKey } from "./master-key.ts";
import { openBox, sealBox, type Place } from "./sealed-box.ts";

/** A tenant's key was wrapped by a master key that is not at hand. */
export class MasterKeyMissing extends Error {
  override readonly name = "MasterKeyMissing";
  constructor(tenantId: string, masterKeyId: string) {
    super(
      `the key of tenant ${tenantId} was wrapped by the master key ${masterKeyId}, which is not in the master key file`,
    );
  }
}

/** A version of a tenant's key as it is stored, wrapped by a master key. */
export function wrapTenantKey({
  masterKey,
  tenantId,
  version,
  bytes,
  createTime,
  activateTime,
}: {
  readonly masterKey: MasterKey;
  readonly tenantId: string;
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly createTime: Timestamp | undefined;
  readonly activateTime?: Timestamp | undefined;
}): TenantKey {
  return create(TenantKeySchema, {
    tenantId,
    version,
    masterKeyId: masterKey.id,
    wrappedKey: sealBox({ key: masterKey.key, version, tenantId }, placeOf(tenantId, version), bytes),
    ...(createTime === undefined ? {} : { createTime }),
    ...(activateTime === undefined ? {} : { activateTime }),
  });
}

/** The bytes of a tenant's key. Throws SealBroken when this master key did not wrap it, for this tenant and version. */
export function unwrapTenantKey({
  masterKey,
  tenantId,
  record: { version, wrappedKey },
}: {
  readonly masterKey: MasterKey;
  readonly tenantId: string;
  readonly record: Pick<TenantKey, "version" | "wrappedKey">;
}): Uint8Array {
  return openBox({ key: masterKey.key, version, tenantId }, placeOf(tenantId, version), wrappedKey);
}

const placeOf = (tenantId: string, version: number): Place => ({
  collection: vaultTenantKeys.name,
  id: `${tenantId}/${version}`,
  field: "wrapped_key",
});
