import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TenantSchema, type Tenant } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { failure } from "../../host/failure.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { adminFailure } from "../admin-failure.ts";
import { tenants } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { defaultTenantSlug } from "./default-tenant.ts";
import { findTenant } from "./find-tenant.ts";
import { tenantEtag } from "./tenant-message.ts";
import { tenantUnknown } from "./tenant-unknown.ts";

/** What a tenant becomes, and the event that tells of it; undefined where it is as was asked for. */
type ChangedTenant = { readonly record: Tenant; readonly event: Event } | undefined;

/** What a change makes of a tenant. What it reads besides must be so still when the tenant is at the version that it was given. */
export type TenantChange = (before: Stored<typeof TenantSchema>, now: number) => ChangedTenant | Promise<ChangedTenant>;

/**
 * Changes a tenant in one commit. Where somebody else did meanwhile, it is looked at again, unless the caller said by an etag
 * which one they meant. Throws TENANT_UNKNOWN and ETAG_MISMATCH.
 */
export function changeTenant(
  { system, clock }: Pick<AdminDependencies, "system" | "clock">,
  { tenantId, etag = "" }: { readonly tenantId: string; readonly etag?: string },
  change: TenantChange,
): Promise<Stored<typeof TenantSchema>> {
  return changeLatest(etag, async () => {
    const before = await findTenant(system, tenantId);
    if (before === undefined) throw tenantUnknown("this id or slug");
    if (etag !== "" && etag !== tenantEtag(before.version)) throw changedMeanwhile();
    const now = clock();
    const changed = await change(before, now);
    if (changed === undefined) return before;
    const record = create(TenantSchema, { ...changed.record, updateTime: timestampFromMs(now) });
    const isDone = await commitUnlessChanged(system, [replace(tenants, record, before.version)], [changed.event]);
    if (!isDone) throw changedMeanwhile();
    return { record, version: before.version + 1 };
  });
}

const changedMeanwhile = () =>
  failure(ErrorReason.ETAG_MISMATCH, "etag: the tenant was changed meanwhile; read it again");

/** The default tenant belongs to the instance. Throws TENANT_IS_DEFAULT. */
export function refuseDefault({ slug }: Pick<Tenant, "slug">, what: string): void {
  if (slug !== defaultTenantSlug) return;
  throw adminFailure(AdminErrorReason.TENANT_IS_DEFAULT, `the default tenant ${what}`);
}
