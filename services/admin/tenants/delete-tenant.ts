import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import {
  DeleteTenantResponseSchema,
  type DeleteTenantRequest,
  type DeleteTenantResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { changeTenant, refuseDefault } from "./change-tenant.ts";
import { tenantStateChanged } from "./tenant-events.ts";
import { tenantMessage } from "./tenant-message.ts";

/** Suspends a tenant and says when it will be gone (`purge-due-tenants.ts`). A repeat does not change when. */
export function deleteTenant(
  dependencies: Pick<AdminDependencies, "system" | "clock" | "publicOrigin" | "tenantGrace">,
) {
  const { system, publicOrigin, tenantGrace } = dependencies;
  return async (request: DeleteTenantRequest, context: HandlerContext): Promise<DeleteTenantResponse> => {
    const call = callOf(context);
    const stored = await changeTenant(dependencies, request, (before, now) => {
      refuseDefault(before.record, "cannot be deleted");
      if (before.record.purgeTime !== undefined) return undefined;
      const purgeTime = timestampFromMs(now + tenantGrace);
      const record = create(TenantSchema, { ...before.record, active: false, purgeTime });
      return { record, event: tenantStateChanged(system, call, now, record, before) };
    });
    return create(DeleteTenantResponseSchema, { tenant: tenantMessage(stored, publicOrigin()) });
  };
}
