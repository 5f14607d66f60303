import { TenantStateSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import type { Tenant, TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { eventOf, type CausingCall } from "../../host/event.ts";
import type { Stored, SystemStore } from "../../store/store.ts";
import { tenantState } from "./tenant-message.ts";

/** An event of a tenant at `version`. It stands in the log of what is above tenants, because they do. */
export function tenantEvent(
  system: Pick<SystemStore, "tenantId">,
  call: CausingCall,
  now: number,
  { id, version }: { readonly id: string; readonly version: number },
  payload: Exclude<Event["payload"], { case: undefined }>,
): Event {
  return eventOf({ ...call, tenantId: system.tenantId }, now, { type: "tenant", id, version }, payload);
}

const stateName = (record: Tenant): string =>
  TenantStateSchema.value[tenantState(record)]?.localName.toLowerCase() ?? "";

/** The event of a tenant that stands where `record` says from now on. */
export function tenantStateChanged(
  system: Pick<SystemStore, "tenantId">,
  call: CausingCall,
  now: number,
  record: Tenant,
  { version }: Pick<Stored<typeof TenantSchema>, "version">,
): Event {
  const { id, purgeTime } = record;
  return tenantEvent(
    system,
    call,
    now,
    { id, version: version + 1 },
    {
      case: "tenantStateChanged",
      value: {
        $typeName: "koder.events.v1.TenantStateChanged",
        state: stateName(record),
        ...(purgeTime ? { purgeTime } : {}),
      },
    },
  );
}
