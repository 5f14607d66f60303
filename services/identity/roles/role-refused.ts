import type { ConnectError } from "@connectrpc/connect";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure, violationsInWords, type FieldViolation } from "../../host/failure.ts";
import { identityFailure } from "../identity-failure.ts";

/** The answer to an id that no role of the tenant has. */
export const roleNotFound = (roleId: string): ConnectError =>
  identityFailure(IdentityErrorReason.ROLE_NOT_FOUND, `no role has the id ${roleId}`);

/** The answer to whoever would change a role that every tenant has. */
export const roleBuiltIn = (roleId: string): ConnectError =>
  identityFailure(IdentityErrorReason.ROLE_BUILT_IN, `the role ${roleId} is built in: make one that includes it`);

/** The answer to a name that another role of the tenant, or of the same client, has. */
export const roleNameTaken = (name: string): ConnectError =>
  identityFailure(IdentityErrorReason.ROLE_NAME_TAKEN, `name: another role is called ${name}`, {
    violations: [{ field: "role.name", description: "must be no other role's" }],
  });

/** The answer to an etag that is not the role's any more. */
export const roleChangedMeanwhile = (): ConnectError =>
  failure(ErrorReason.ETAG_MISMATCH, "etag: the role was changed meanwhile; read it again");

/** Throws ROLE_INVALID unless nothing is wrong. */
export function refuseRoleFaults(violations: readonly FieldViolation[]): void {
  if (violations.length === 0) return;
  const said = violationsInWords(violations);
  throw identityFailure(IdentityErrorReason.ROLE_INVALID, `the role is not valid: ${said}`, { violations });
}
