import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema as StoredUserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { UserStatus, type User } from "#gen/koder/identity/v1/user_pb.ts";
import {
  CreateUserRequestSchema,
  CreateUserResponseSchema,
  UserService,
  type CreateUserRequest,
  type CreateUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { passwords, users } from "../collections.ts";
import { mergedAttributes, storedAttributes } from "../attributes/merged-attributes.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { readHash } from "../passwords/hash-formats.ts";
import type { PasswordHash } from "../passwords/password-hashing.ts";
import { checkByPolicy } from "../passwords/check-by-policy.ts";
import { checkedUsername } from "../usernames/checked-username.ts";
import { checkProfile } from "./check-profile.ts";
import { checkProven } from "./check-proven.ts";
import { emailKey } from "./login-names.ts";
import { profileFields } from "./profile-fields.ts";
import { takenFailure } from "./taken.ts";
import { userCreated } from "./user-events.ts";
import { storedAddress, userMessage } from "./user-message.ts";
import { usernameSkeleton } from "./username-skeleton.ts";

/** Creates a user, and their password where one is given, in one commit. */
export function createUser(dependencies: IdentityDependencies) {
  const { store, idempotency, hashing, clock } = dependencies;
  return async (request: CreateUserRequest, context: HandlerContext): Promise<CreateUserResponse> => {
    const call = callOf(context);
    const { user } = request;
    if (user === undefined) throw failure(ErrorReason.INVALID_REQUEST, "user: is required");
    refuseServerFields(user);
    if (user.username === "" && user.email === "") {
      throw failure(ErrorReason.INVALID_REQUEST, "user: a username or an e-mail address is needed", {
        violations: [{ field: "user.username", description: "must be set where email is not" }],
      });
    }
    checkProfile(user);
    checkProven(user);
    const imported = user.passwordHash === "" ? undefined : importedHash(user);
    return idempotency.run(
      call,
      {
        method: UserService.method.createUser,
        requestId: request.requestId,
        request,
        requestSchema: CreateUserRequestSchema,
        responseSchema: CreateUserResponseSchema,
      },
      async (remember) => {
        // A repeat is not asked by policies that became stricter since the first time.
        const { username, attributes, allowed } = await checkedByPolicies(dependencies, call, user);
        const hash =
          allowed === undefined ? imported : await hashing.hash(allowed.password, call.signal, allowed.policy.argon2);
        const now = clock();
        const time = timestampFromMs(now);
        const record = create(StoredUserSchema, {
          ...Object.fromEntries(profileFields.map(({ name }) => [name, user[name]])),
          id: ulid(now),
          username,
          usernameSkeleton: usernameSkeleton(username),
          email: user.email,
          emailKey: emailKey(user.email),
          emailVerified: user.emailVerified,
          status: user.status || UserStatus.ACTIVE,
          passwordChangeRequired: user.passwordChangeRequired,
          phoneNumberVerified: user.phoneNumberVerified,
          createTime: time,
          updateTime: time,
          address: storedAddress(user.address),
          attributesJson: storedAttributes(attributes),
        });
        const response = create(CreateUserResponseSchema, { user: userMessage({ record, version: 1 }) });
        const needsSecondFactor = allowed?.needsSecondFactor ?? false;
        const secret =
          hash === undefined
            ? []
            : [
                insert(
                  passwords,
                  create(PasswordSchema, { userId: record.id, ...hash, setTime: time, needsSecondFactor }),
                ),
              ];
        try {
          await store
            .tenant(call.tenantId)
            .commit([insert(users, record), ...secret, ...remember(response)], [userCreated(call, now, record.id)]);
        } catch (error) {
          throw error instanceof Conflict ? takenFailure(error) : error;
        }
        return response;
      },
    );
  };
}

/**
 * What a user is given, by the tenant's policies and its schema as they are now. Throws USERNAME_NOT_ALLOWED, ATTRIBUTES_INVALID
 * or PASSWORD_NOT_ALLOWED.
 */
async function checkedByPolicies(dependencies: IdentityDependencies, call: Call, user: User) {
  const { store, attributeSchemas } = dependencies;
  const username = await checkedUsername(store.tenant(call.tenantId), "user.username", user.username);
  const schema = await attributeSchemas.get(call.tenantId);
  const attributes = mergedAttributes(schema, {}, user.attributes ?? {}, "user.attributes");
  const { password } = user;
  if (password === "") return { username, attributes, allowed: undefined };
  const allowed = await checkByPolicy(dependencies, call, "user.password", { userId: "", password, owner: user });
  return { username, attributes, allowed };
}

/** The hash that another system made of the user's password. Throws PASSWORD_HASH_NOT_SUPPORTED. */
function importedHash({ password, passwordHash }: User): PasswordHash {
  if (password !== "") {
    throw failure(ErrorReason.INVALID_REQUEST, "user: either password or password_hash may be set, not both", {
      violations: [{ field: "user.password_hash", description: "must not be set where password is" }],
    });
  }
  if (readHash(passwordHash) !== undefined) return { phc: passwordHash, pepperId: "" };
  const description = "must be Argon2, scrypt, bcrypt or PBKDF2 in a form and with parameters that are taken";
  throw identityFailure(IdentityErrorReason.PASSWORD_HASH_NOT_SUPPORTED, `user.password_hash: ${description}`, {
    violations: [{ field: "user.password_hash", description }],
  });
}

function refuseServerFields(user: User): void {
  const set = [
    user.id === "" ? undefined : "id",
    user.etag === "" ? undefined : "etag",
    user.createTime === undefined ? undefined : "create_time",
    user.updateTime === undefined ? undefined : "update_time",
    user.deleteTime === undefined ? undefined : "delete_time",
    user.purgeTime === undefined ? undefined : "purge_time",
    user.status === UserStatus.DELETED ? "status" : undefined,
  ].filter((field) => field !== undefined);
  if (set.length === 0) return;
  throw identityFailure(IdentityErrorReason.FIELD_NOT_WRITABLE, `${set.join(", ")}: set by the server`, {
    violations: set.map((field) => ({ field: `user.${field}`, description: "is set by the server" })),
  });
}
