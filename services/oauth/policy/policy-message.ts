import { create } from "@bufbuild/protobuf";
import type { OAuthPolicySchema as StoredPolicySchema } from "#gen/koder/oauth/store/v1/oauth_policy_pb.ts";
import { OAuthPolicySchema, type OAuthPolicy } from "#gen/koder/oauth/v1/oauth_policy_pb.ts";
import { tenantRecordEtag } from "../../host/tenant-record.ts";
import type { Stored } from "../../store/store.ts";
import { policyWithDefaults } from "./oauth-policies.ts";

/** A policy as administrators see it, its defaults written out. */
export function policyMessage(stored: Stored<typeof StoredPolicySchema> | undefined): OAuthPolicy {
  const { registration, ...policy } = policyWithDefaults(stored?.record);
  const { requirePkce, ...rest } = registration;
  return create(OAuthPolicySchema, {
    ...policy,
    etag: tenantRecordEtag(stored),
    registration: {
      ...rest,
      allowedScopes: [...rest.allowedScopes],
      allowedGrantTypes: [...rest.allowedGrantTypes],
      ...(requirePkce === undefined ? {} : { requirePkce }),
    },
    ...(stored?.record.updateTime ? { updateTime: stored.record.updateTime } : {}),
  });
}
