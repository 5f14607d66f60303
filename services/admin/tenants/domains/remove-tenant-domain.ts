import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import {
  RemoveTenantDomainResponseSchema,
  type RemoveTenantDomainRequest,
  type RemoveTenantDomainResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { callOf } from "../../../host/call.ts";
import { replace } from "../../../store/writes.ts";
import { adminFailure } from "../../admin-failure.ts";
import { tenants } from "../../collections.ts";
import type { AdminDependencies } from "../../dependencies.ts";
import { findTenant } from "../find-tenant.ts";
import { tenantUnknown } from "../tenant-unknown.ts";
import { domainOf } from "./domain-of.ts";
import { domainNotFound } from "./domain-refused.ts";
import { giveUpDomain } from "./give-up-domains.ts";

/** Takes a domain from a tenant. */
export function removeTenantDomain({ system, clock }: Pick<AdminDependencies, "system" | "clock">) {
  return async (request: RemoveTenantDomainRequest, context: HandlerContext): Promise<RemoveTenantDomainResponse> => {
    const call = callOf(context);
    const { domain } = request;
    for (;;) {
      const tenant = await findTenant(system, request.tenantId);
      if (tenant === undefined) throw tenantUnknown("this id or slug");
      if (tenant.record.customDomain === domain) {
        const message = `the tenant's origin is at ${domain}; change custom_domain first`;
        throw adminFailure(AdminErrorReason.TENANT_DOMAIN_IN_USE, message);
      }
      const stored = await domainOf(system, tenant.record.id, domain);
      if (stored === undefined) throw domainNotFound(domain);
      // As it was read: nobody moves the tenant's origin there at this moment.
      const same = replace(tenants, tenant.record, tenant.version);
      if (await giveUpDomain(system, call, clock(), stored, [same]))
        return create(RemoveTenantDomainResponseSchema, {});
    }
  };
}
