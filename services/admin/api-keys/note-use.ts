import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { CredentialUseSchema } from "#gen/koder/admin/store/v1/personal_access_token_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { StoreUnavailable, type TenantStore } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { credentialUses } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";

const minute = 60_000;
/** How long it is known when a key that never ends was last used. */
const kept = 400 * 86_400_000;

/**
 * Notes that a credential was used: once a minute for each process, so that a request in thousands writes. It says nothing of
 * whether the credential is good; where it cannot be written, whoever shows it is served all the same.
 */
export function noteUse({ clock }: Pick<AdminDependencies, "clock">) {
  const noted = createBoundedCache<true>({ maxEntries: 10_000, ttl: minute, clock });

  async function write(data: TenantStore, id: string, expireTime: Timestamp | undefined): Promise<true> {
    const now = clock();
    const stored = await data.get(credentialUses, id);
    const before = stored?.record.lastUseTime === undefined ? 0 : timestampMs(stored.record.lastUseTime);
    if (now - before < minute) return true;
    const record = create(CredentialUseSchema, {
      id,
      lastUseTime: timestampFromMs(Math.floor(now / minute) * minute),
      expireTime: expireTime ?? timestampFromMs(now + kept),
    });
    // Whoever was there first has noted it.
    await commitUnlessChanged(data, [
      stored === undefined ? insert(credentialUses, record) : replace(credentialUses, record, stored.version),
    ]);
    return true;
  }

  return async (data: TenantStore, id: string, expireTime: Timestamp | undefined): Promise<void> => {
    try {
      await noted.get(`${data.tenantId}/${id}`, () => write(data, id, expireTime));
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  };
}
