import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { requestRecords } from "../host/idempotency.ts";
import type { Collection } from "../store/store.ts";

/** What the index of owners has for one: at most one user of a tenant owns the instance. */
export const ownerIndexed = "owner";

/** Users. */
export const users: Collection<typeof UserSchema> = {
  name: "identity_users",
  schema: UserSchema,
  id: (user) => user.id,
  unique: {
    username: { type: "text", value: (user) => user.username || undefined },
    email: { type: "text", value: (user) => user.emailKey || undefined },
    owner: { type: "text", value: (user) => (user.instanceOwner ? ownerIndexed : undefined) },
  },
  events: "required",
};

/** Passwords, apart from the users: no read of a user touches one. Each change of one stands beside its user's in a commit. */
export const passwords: Collection<typeof PasswordSchema> = {
  name: "identity_passwords",
  schema: PasswordSchema,
  id: (password) => password.userId,
  events: "required",
};

/** Answers to Create calls that carried a request id. */
export const identityRequests = requestRecords("identity");

/** Everything that the identity service stores. */
export const identityCollections: readonly Collection[] = [users, passwords, identityRequests];
