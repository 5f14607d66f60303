import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TenantDomainSchema } from "#gen/koder/admin/store/v1/tenant_domain_pb.ts";
import type { CausingCall } from "../../../host/event.ts";
import { commitUnlessChanged } from "../../../store/commit-unless-changed.ts";
import type { Stored, SystemStore, Write } from "../../../store/store.ts";
import { remove, replace } from "../../../store/writes.ts";
import { tenantDomains } from "../../collections.ts";
import { domainChanged } from "./domain-event.ts";
import { domainsOf } from "./domain-of.ts";

/**
 * Takes a domain from its tenant, in one commit with what is `together` with it; false where any of it was changed meanwhile. Of one that was proven a tombstone stays, so that
 * nobody else ever has it: it would hand over issuer, audience and passkeys (security A30). One that never was is forgotten.
 */
export function giveUpDomain(
  system: SystemStore,
  call: CausingCall,
  now: number,
  { record, version }: Stored<typeof TenantDomainSchema>,
  together: readonly Write[] = [],
): Promise<boolean> {
  const { tenantId, domain, verifyTime } = record;
  const event = domainChanged(system, call, now, record, version + 1, "removed");
  if (verifyTime === undefined) {
    return commitUnlessChanged(system, [remove(tenantDomains, { record, version }), ...together], [event]);
  }
  const tombstone = create(TenantDomainSchema, { tenantId, domain, verifyTime, removeTime: timestampFromMs(now) });
  return commitUnlessChanged(system, [replace(tenantDomains, tombstone, version), ...together], [event]);
}

/** Takes every domain from a tenant that is gone. What conflicts is found by the next attempt. */
export async function giveUpDomains(
  system: SystemStore,
  call: CausingCall,
  now: number,
  tenantId: string,
): Promise<void> {
  for (const stored of await domainsOf(system, tenantId)) {
    if (stored.record.removeTime !== undefined) continue;
    const isDone = await giveUpDomain(system, call, now, stored);
    if (!isDone) throw new Error(`the domain ${stored.record.domain} was changed while its tenant was removed`);
  }
}
