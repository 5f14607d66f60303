import { create } from "@bufbuild/protobuf";
import {
  ListTenantDomainsResponseSchema,
  type ListTenantDomainsRequest,
  type ListTenantDomainsResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import type { AdminDependencies } from "../../dependencies.ts";
import { findTenant } from "../find-tenant.ts";
import { tenantUnknown } from "../tenant-unknown.ts";
import { domainMessage } from "./domain-message.ts";
import { domainsOf } from "./domain-of.ts";

/** The domains of a tenant, without those that they have given up. */
export function listTenantDomains({ system }: Pick<AdminDependencies, "system">) {
  return async (request: ListTenantDomainsRequest): Promise<ListTenantDomainsResponse> => {
    const tenant = await findTenant(system, request.tenantId);
    if (tenant === undefined) throw tenantUnknown("this id or slug");
    const known = await domainsOf(system, tenant.record.id);
    return create(ListTenantDomainsResponseSchema, {
      domains: known.flatMap(({ record }) => (record.removeTime === undefined ? [domainMessage(record)] : [])),
    });
  };
}
