import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { TenantDomainSchema } from "#gen/koder/admin/store/v1/tenant_domain_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import {
  AddTenantDomainResponseSchema,
  type AddTenantDomainRequest,
  type AddTenantDomainResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { callOf } from "../../../host/call.ts";
import { commitUnlessChanged } from "../../../store/commit-unless-changed.ts";
import { insert, replace } from "../../../store/writes.ts";
import { randomToken } from "../../../vault/random.ts";
import { adminFailure } from "../../admin-failure.ts";
import { tenantDomains } from "../../collections.ts";
import type { AdminDependencies } from "../../dependencies.ts";
import { refuseDefault } from "../change-tenant.ts";
import { findTenant } from "../find-tenant.ts";
import { tenantUnknown } from "../tenant-unknown.ts";
import { domainChanged } from "./domain-event.ts";
import { domainMessage } from "./domain-message.ts";
import { ownDomainFault } from "./domain-name.ts";
import { domainsOf, mostDomains } from "./domain-of.ts";
import { domainTaken } from "./domain-refused.ts";

/**
 * Notes that a tenant wants a domain. Anybody may want one: it is whose proof is there, and who has proven it once keeps it from
 * all others for ever (security A30). Adding it again changes nothing, but gives a new challenge where it was given up.
 */
export function addTenantDomain({
  system,
  clock,
  publicOrigin,
}: Pick<AdminDependencies, "system" | "clock" | "publicOrigin">) {
  return async (request: AddTenantDomainRequest, context: HandlerContext): Promise<AddTenantDomainResponse> => {
    const call = callOf(context);
    const { domain } = request;
    const wrong = ownDomainFault(domain, publicOrigin());
    if (wrong !== undefined) {
      throw adminFailure(AdminErrorReason.TENANT_DOMAIN_INVALID, `domain: ${wrong}`, {
        violations: [{ field: "domain", description: wrong }],
      });
    }
    const tenant = await findTenant(system, request.tenantId);
    if (tenant === undefined) throw tenantUnknown("this id or slug");
    refuseDefault(tenant.record, "is at the public URL, and has no domain of its own");
    const tenantId = tenant.record.id;
    const verified = await system.find(tenantDomains, "verified_domain", domain);
    if (verified !== undefined && verified.record.tenantId !== tenantId) throw domainTaken(domain);
    for (;;) {
      const known = await domainsOf(system, tenantId);
      const before = known.find(({ record }) => record.domain === domain);
      if (before !== undefined && before.record.removeTime === undefined) {
        return create(AddTenantDomainResponseSchema, { domain: domainMessage(before.record) });
      }
      // Those that were given up count: each of them is kept.
      if (before === undefined && known.length >= mostDomains) {
        throw adminFailure(AdminErrorReason.TENANT_DOMAIN_LIMIT, `a tenant has at most ${mostDomains} domains`);
      }
      const now = clock();
      const record = create(TenantDomainSchema, {
        tenantId,
        domain,
        challenge: randomToken("", 16),
        createTime: timestampFromMs(now),
        ...(before?.record.verifyTime ? { verifyTime: before.record.verifyTime } : {}),
      });
      const write =
        before === undefined ? insert(tenantDomains, record) : replace(tenantDomains, record, before.version);
      const event = domainChanged(system, call, now, record, (before?.version ?? 0) + 1, "pending");
      if (await commitUnlessChanged(system, [write], [event])) {
        return create(AddTenantDomainResponseSchema, { domain: domainMessage(record) });
      }
    }
  };
}
