import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import {
  SuspendTenantResponseSchema,
  type SuspendTenantRequest,
  type SuspendTenantResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { changeTenant, refuseDefault } from "./change-tenant.ts";
import { tenantStateChanged } from "./tenant-events.ts";
import { tenantMessage } from "./tenant-message.ts";

/** Suspends a tenant: every process refuses whatever is of it, as soon as it has read the event or forgotten what it knew. */
export function suspendTenant(dependencies: Pick<AdminDependencies, "system" | "clock" | "publicOrigin">) {
  const { system, publicOrigin } = dependencies;
  return async (request: SuspendTenantRequest, context: HandlerContext): Promise<SuspendTenantResponse> => {
    const call = callOf(context);
    const stored = await changeTenant(dependencies, request, (before, now) => {
      refuseDefault(before.record, "cannot be suspended");
      if (!before.record.active) return undefined;
      const record = create(TenantSchema, { ...before.record, active: false });
      return { record, event: tenantStateChanged(system, call, now, record, before) };
    });
    return create(SuspendTenantResponseSchema, { tenant: tenantMessage(stored, publicOrigin()) });
  };
}
