import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { identityFailure } from "../identity-failure.ts";

/** The answer to an id that no invitation of the tenant has, or not any more. */
export const invitationNotFound = (id: string) =>
  identityFailure(IdentityErrorReason.INVITATION_NOT_FOUND, `no invitation that waits has the id ${id}`);

/** The answer to whoever invites somebody who is invited already. */
export const invitationExists = () =>
  identityFailure(IdentityErrorReason.INVITATION_EXISTS, "email: somebody is invited by this address already", {
    violations: [{ field: "invitation.email", description: "must not be that of an invitation that waits" }],
  });
