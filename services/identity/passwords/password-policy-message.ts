import { create } from "@bufbuild/protobuf";
import type { PasswordPolicy as StoredPolicy } from "#gen/koder/identity/store/v1/password_policy_pb.ts";
import { PasswordPolicySchema, type PasswordPolicy } from "#gen/koder/identity/v1/password_policy_pb.ts";
import { tenantRecordEtag } from "../../host/tenant-record.ts";
import { defaultArgon2, strongest } from "./argon2.ts";
import { policyWithDefaults } from "./tenant-policy.ts";

/** What was read of a tenant's policy; nothing where it has the default. */
type Read = { readonly record: StoredPolicy; readonly version: number } | undefined;

/** A policy as administrators see it, its defaults written out. */
export function passwordPolicyMessage(stored: Read): PasswordPolicy {
  const policy = policyWithDefaults(stored?.record);
  const { shortest, shortestWithMfa, longest, blockedWords, history } = policy;
  const { memoryCost, timeCost } = strongest(defaultArgon2, policy.argon2);
  const updateTime = stored?.record.updateTime;
  return create(PasswordPolicySchema, {
    etag: tenantRecordEtag(stored),
    minLength: shortest,
    minLengthWithMfa: shortestWithMfa,
    maxLength: longest,
    blockedWords: [...blockedWords],
    history,
    hashMemoryKib: memoryCost,
    hashIterations: timeCost,
    ...(updateTime === undefined ? {} : { updateTime }),
  });
}
