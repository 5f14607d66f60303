import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import {
  ResumeTenantResponseSchema,
  type ResumeTenantRequest,
  type ResumeTenantResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { changeTenant } from "./change-tenant.ts";
import { tenantStateChanged } from "./tenant-events.ts";
import { tenantMessage } from "./tenant-message.ts";

/** Lets a tenant serve again, and takes its deletion back where that waits. */
export function resumeTenant(dependencies: Pick<AdminDependencies, "system" | "clock" | "publicOrigin">) {
  const { system, publicOrigin } = dependencies;
  return async (request: ResumeTenantRequest, context: HandlerContext): Promise<ResumeTenantResponse> => {
    const call = callOf(context);
    const stored = await changeTenant(dependencies, request, (before, now) => {
      if (before.record.active) return undefined;
      const { purgeTime: _purgeTime, ...kept } = before.record;
      const record = create(TenantSchema, { ...kept, active: true });
      return { record, event: tenantStateChanged(system, call, now, record, before) };
    });
    return create(ResumeTenantResponseSchema, { tenant: tenantMessage(stored, publicOrigin()) });
  };
}
