import { create } from "@bufbuild/protobuf";
import type { OAuthPolicySchema as StoredPolicySchema } from "#gen/koder/oauth/store/v1/oauth_policy_pb.ts";
import { OAuthPolicySchema, type OAuthPolicy } from "#gen/koder/oauth/v1/oauth_policy_pb.ts";
import type { Stored } from "../../store/store.ts";
import { policyWithDefaults } from "./oauth-policies.ts";

/** Opaque to callers: the version of the policy's record, 0 while there is none. */
export const policyEtag = (stored: { readonly version: number } | undefined): string => `v${stored?.version ?? 0}`;

/** A policy as administrators see it, its defaults written out. */
export function policyMessage(stored: Stored<typeof StoredPolicySchema> | undefined): OAuthPolicy {
  const { registration, ...policy } = policyWithDefaults(stored?.record);
  const { requirePkce, ...rest } = registration;
  return create(OAuthPolicySchema, {
    ...policy,
    etag: policyEtag(stored),
    registration: {
      ...rest,
      allowedScopes: [...rest.allowedScopes],
      allowedGrantTypes: [...rest.allowedGrantTypes],
      ...(requirePkce === undefined ? {} : { requirePkce }),
    },
    ...(stored?.record.updateTime ? { updateTime: stored.record.updateTime } : {}),
  });
}
