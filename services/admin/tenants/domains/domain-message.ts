import { create } from "@bufbuild/protobuf";
import type { TenantDomain as StoredTenantDomain } from "#gen/koder/admin/store/v1/tenant_domain_pb.ts";
import { TenantDomainSchema, TenantDomainState, type TenantDomain } from "#gen/koder/admin/v1/tenant_pb.ts";
import { proofOf } from "./domain-name.ts";

/** A domain as others see it. Its proof is no secret: everybody can read it in the DNS. */
export function domainMessage(stored: StoredTenantDomain): TenantDomain {
  const { name, value } = proofOf(stored);
  return create(TenantDomainSchema, {
    domain: stored.domain,
    state: stateOf(stored),
    recordName: name,
    recordValue: value,
    ...(stored.verifyTime ? { verifyTime: stored.verifyTime } : {}),
    ...(stored.checkTime ? { checkTime: stored.checkTime } : {}),
    ...(stored.createTime ? { createTime: stored.createTime } : {}),
  });
}

function stateOf({ serving, lapsed }: StoredTenantDomain): TenantDomainState {
  if (serving) return TenantDomainState.VERIFIED;
  return lapsed ? TenantDomainState.LAPSED : TenantDomainState.PENDING;
}
