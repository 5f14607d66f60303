import type { ConnectError } from "@connectrpc/connect";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure, violationsInWords, type FieldViolation } from "../../host/failure.ts";
import { identityFailure } from "../identity-failure.ts";

/** The answer to an id that no group of the tenant has. */
export const groupNotFound = (groupId: string): ConnectError =>
  identityFailure(IdentityErrorReason.GROUP_NOT_FOUND, `no group has the id ${groupId}`);

/** The answer to a name that another group of the tenant has. */
export const groupNameTaken = (name: string): ConnectError =>
  identityFailure(IdentityErrorReason.GROUP_NAME_TAKEN, `name: another group is called ${name}`, {
    violations: [{ field: "group.name", description: "must be no other group's" }],
  });

/** The answer to an etag that is not the group's any more. */
export const groupChangedMeanwhile = (): ConnectError =>
  failure(ErrorReason.ETAG_MISMATCH, "etag: the group was changed meanwhile; read it again");

/** The answer to whoever would end, with a group, what the authentication policy asks of those in it. */
export const groupInPolicy = (): ConnectError =>
  identityFailure(
    IdentityErrorReason.GROUP_IN_POLICY,
    "the authentication policy has an entry of the group in group_overrides: take that out first, or delete the group with policies.write",
    { violations: [{ field: "group_id", description: "must be in no entry of group_overrides" }] },
  );

/** The answer to an id that is no member's of the group. */
export const memberNotFound = (memberId: string): ConnectError =>
  identityFailure(IdentityErrorReason.GROUP_MEMBER_NOT_FOUND, `nobody in the group has the id ${memberId}`);

/** Throws GROUP_INVALID unless nothing is wrong. */
export function refuseGroupFaults(violations: readonly FieldViolation[]): void {
  if (violations.length === 0) return;
  const said = violationsInWords(violations);
  throw identityFailure(IdentityErrorReason.GROUP_INVALID, `the group is not valid: ${said}`, { violations });
}
