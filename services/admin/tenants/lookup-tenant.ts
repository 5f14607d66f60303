import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  LookupTenantResponseSchema,
  type LookupTenantRequest,
  type LookupTenantResponse,
} from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { defaultTenant } from "./default-tenant.ts";
import { findTenant } from "./find-tenant.ts";
import { tenantMessage } from "./tenant-message.ts";
import { tenantUnknown } from "./tenant-unknown.ts";

/** Finds a tenant by id or slug; without either, the default tenant. */
export function lookupTenant(dependencies: AdminDependencies) {
  const { system, publicOrigin } = dependencies;
  return async (request: LookupTenantRequest, context: HandlerContext): Promise<LookupTenantResponse> => {
    const tenant =
      request.tenant === ""
        ? await defaultTenant(dependencies, callOf(context))
        : await findTenant(system, request.tenant);
    if (tenant === undefined) throw tenantUnknown("this id or slug");
    return create(LookupTenantResponseSchema, { tenant: tenantMessage(tenant, publicOrigin()) });
  };
}
