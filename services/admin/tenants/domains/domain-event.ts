import type { TenantDomain } from "#gen/koder/admin/store/v1/tenant_domain_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { eventOf, type CausingCall } from "../../../host/event.ts";
import type { SystemStore } from "../../../store/store.ts";

/** The event of a domain at `version` that stands as `state` says from now on. */
export function domainChanged(
  system: Pick<SystemStore, "tenantId">,
  call: CausingCall,
  now: number,
  { tenantId, domain }: Pick<TenantDomain, "tenantId" | "domain">,
  version: number,
  state: "pending" | "verified" | "lapsed" | "removed",
): Event {
  return eventOf(
    { ...call, tenantId: system.tenantId },
    now,
    { type: "tenant_domain", id: `${tenantId}/${domain}`, version },
    {
      case: "tenantDomainChanged",
      value: { $typeName: "koder.events.v1.TenantDomainChanged", tenantId, domain, state },
    },
  );
}
