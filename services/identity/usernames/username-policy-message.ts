import { create } from "@bufbuild/protobuf";
import type { UsernamePolicy as StoredPolicy } from "#gen/koder/identity/store/v1/username_policy_pb.ts";
import { UsernamePolicySchema, type UsernamePolicy } from "#gen/koder/identity/v1/username_policy_pb.ts";
import { tenantRecordEtag } from "../../host/tenant-record.ts";
import { policyWithDefaults } from "./tenant-policy.ts";

/** What was read of a tenant's policy; nothing where it has the default. */
type Read = { readonly record: StoredPolicy; readonly version: number } | undefined;

/** A policy as administrators see it, its defaults written out. */
export function usernamePolicyMessage(stored: Read): UsernamePolicy {
  const { longest, extraCharacters, isLeadingDigitAllowed } = policyWithDefaults(stored?.record);
  const updateTime = stored?.record.updateTime;
  return create(UsernamePolicySchema, {
    etag: tenantRecordEtag(stored),
    maxLength: longest,
    extraCharacters,
    leadingDigitAllowed: isLeadingDigitAllowed,
    ...(updateTime === undefined ? {} : { updateTime }),
  });
}
