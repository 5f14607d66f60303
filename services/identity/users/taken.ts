import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { Conflict } from "../../store/store.ts";
import { users } from "../collections.ts";
import { identityFailure } from "../identity-failure.ts";

/**
 * The failure that a taken name or address is; the conflict itself when it is another. `parent` is the dotted path of the
 * message whose fields the violations name, with its dot.
 */
export function takenFailure(conflict: Conflict, parent: "user." | "" = "user."): Error {
  if (conflict.collection !== users.name || conflict.reason !== "unique") return conflict;
  switch (conflict.index) {
    case "username":
      return identityFailure(IdentityErrorReason.USERNAME_TAKEN, "username: another user has this name", {
        violations: [{ field: `${parent}username`, description: "must not be another user's" }],
      });
    case "username_skeleton": {
      const message = "username: looks like the name of another user";
      return identityFailure(IdentityErrorReason.USERNAME_TOO_SIMILAR, message, {
        violations: [{ field: `${parent}username`, description: "must not look like another user's" }],
      });
    }
    case "email":
      return emailTaken(parent);
    case "owner":
      return ownerExists();
    default:
      return conflict;
  }
}

/** The failure of an address that is taken, before a commit finds out. */
export const emailTaken = (parent: string): Error =>
  identityFailure(IdentityErrorReason.EMAIL_TAKEN, "email: another user has this address", {
    violations: [{ field: `${parent}email`, description: "must not be another user's" }],
  });

/** The answer to whoever comes to own an instance that has its owner. */
export const ownerExists = () => identityFailure(IdentityErrorReason.OWNER_EXISTS, "the instance has an owner already");
