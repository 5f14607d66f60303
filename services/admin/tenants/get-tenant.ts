import { create } from "@bufbuild/protobuf";
import {
  GetTenantResponseSchema,
  type GetTenantRequest,
  type GetTenantResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { findTenant } from "./find-tenant.ts";
import { tenantMessage } from "./tenant-message.ts";
import { tenantUnknown } from "./tenant-unknown.ts";

/** One tenant, serving or not. */
export function getTenant({ system, publicOrigin }: Pick<AdminDependencies, "system" | "publicOrigin">) {
  return async (request: GetTenantRequest): Promise<GetTenantResponse> => {
    const stored = await findTenant(system, request.tenantId);
    if (stored === undefined) throw tenantUnknown("this id or slug");
    return create(GetTenantResponseSchema, { tenant: tenantMessage(stored, publicOrigin()) });
  };
}
