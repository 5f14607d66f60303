import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { TenantDomainSchema } from "#gen/koder/admin/store/v1/tenant_domain_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import {
  VerifyTenantDomainResponseSchema,
  type VerifyTenantDomainRequest,
  type VerifyTenantDomainResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { callOf } from "../../../host/call.ts";
import { Conflict } from "../../../store/store.ts";
import { replace } from "../../../store/writes.ts";
import { adminFailure } from "../../admin-failure.ts";
import { tenantDomains } from "../../collections.ts";
import type { AdminDependencies } from "../../dependencies.ts";
import { findTenant } from "../find-tenant.ts";
import { tenantUnknown } from "../tenant-unknown.ts";
import { domainChanged } from "./domain-event.ts";
import { domainMessage } from "./domain-message.ts";
import { proofOf } from "./domain-name.ts";
import { domainOf } from "./domain-of.ts";
import { domainNotFound, domainTaken } from "./domain-refused.ts";
import { checkAgainIn } from "./recheck-domains.ts";

/** Looks for the proof of a domain, and from then on lets the tenant answer there. Of two who prove it at once one does. */
export function verifyTenantDomain({
  system,
  resolveTxt,
  clock,
}: Pick<AdminDependencies, "system" | "resolveTxt" | "clock">) {
  return async (request: VerifyTenantDomainRequest, context: HandlerContext): Promise<VerifyTenantDomainResponse> => {
    const call = callOf(context);
    const { domain } = request;
    const tenant = await findTenant(system, request.tenantId);
    if (tenant === undefined) throw tenantUnknown("this id or slug");
    for (;;) {
      const stored = await domainOf(system, tenant.record.id, domain);
      if (stored === undefined) throw domainNotFound(domain);
      await checkProof(resolveTxt, stored.record);
      const now = clock();
      const record = create(TenantDomainSchema, {
        ...stored.record,
        serving: true,
        lapsed: false,
        missing: 0,
        verifyTime: stored.record.verifyTime ?? timestampFromMs(now),
        checkTime: timestampFromMs(now),
        nextCheckTime: timestampFromMs(now + checkAgainIn),
      });
      const event = domainChanged(system, call, now, record, stored.version + 1, "verified");
      try {
        await system.commit([replace(tenantDomains, record, stored.version)], [event]);
        return create(VerifyTenantDomainResponseSchema, { domain: domainMessage(record) });
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        if (error.index === "verified_domain") throw domainTaken(domain);
      }
    }
  };
}

async function checkProof(
  resolveTxt: AdminDependencies["resolveTxt"],
  record: { readonly domain: string; readonly challenge: string },
): Promise<void> {
  const { name, value } = proofOf(record);
  const found = await resolveTxt(name).catch((cause: unknown) => {
    throw adminFailure(AdminErrorReason.TENANT_DOMAIN_UNPROVEN, `the name servers did not answer about ${name}`, {
      cause,
    });
  });
  if (found.includes(value)) return;
  throw adminFailure(AdminErrorReason.TENANT_DOMAIN_UNPROVEN, `there is no TXT record ${name} that says ${value}`);
}
