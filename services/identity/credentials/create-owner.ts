import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import {
  CreateOwnerResponseSchema,
  type CreateOwnerRequest,
  type CreateOwnerResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ownerIndexed, passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { checkByPolicy, type AllowedPassword } from "../passwords/check-by-policy.ts";
import { storePassword, type CheckChange } from "../passwords/store-password.ts";
import { usernameByPolicy } from "../usernames/checked-username.ts";
import { usernamePolicyOf } from "../usernames/tenant-policy.ts";
import { emailKey } from "../users/login-names.ts";
import { ownerExists, takenFailure } from "../users/taken.ts";
import { userCreated } from "../users/user-events.ts";
import { userMessage } from "../users/user-message.ts";
import { usernameSkeleton } from "../users/username-skeleton.ts";
import { voidWhatWasIssued } from "./void-what-was-issued.ts";

/**
 * Creates the owner of the instance. A repeat with the same id sets the password anew as long as that owner never signed
 * in, and so does the one of two attempts at once that comes second; once they have, it changes nothing and says so. Throws
 * OWNER_EXISTS when somebody else owns the instance.
 */
export function createOwner(dependencies: IdentityDependencies) {
  const { store } = dependencies;
  return async (request: CreateOwnerRequest, context: HandlerContext): Promise<CreateOwnerResponse> => {
    const call = callOf(context);
    const username = usernameByPolicy(
      await usernamePolicyOf(store.tenant(call.tenantId)),
      "username",
      request.username,
    );
    const { userId, password } = request;
    const allowed = await checkByPolicy(dependencies, call, "password", { userId, password, owner: request });
    for (let isSecondLook = false; ; isSecondLook = true) {
      const owner = await store.tenant(call.tenantId).find(users, "owner", ownerIndexed);
      try {
        if (owner !== undefined && owner.record.id !== request.userId) throw ownerExists();
        if (owner?.record.signedInOnce === true) {
          return create(CreateOwnerResponseSchema, { user: userMessage(owner), signedIn: true });
        }
        const user =
          owner === undefined
            ? await insertOwner(dependencies, call, { ...request, username, allowed })
            : await resetOwner(dependencies, call, owner, { ...request, allowed });
        return create(CreateOwnerResponseSchema, { user: userMessage(user) });
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        if (isSecondLook) throw takenFailure(error, "");
      }
    }
  };
}

type Owner = Pick<CreateOwnerRequest, "userId" | "username" | "email" | "passwordChangeRequired"> & {
  readonly allowed: AllowedPassword;
};

async function insertOwner(
  { store, hashing, clock }: IdentityDependencies,
  call: Call,
  owner: Owner,
): Promise<Stored<typeof UserSchema>> {
  const hash = await hashing.hash(owner.allowed.password, call.signal, owner.allowed.policy.argon2);
  const now = clock();
  const time = timestampFromMs(now);
  const record = create(UserSchema, {
    id: owner.userId,
    username: owner.username,
    usernameSkeleton: usernameSkeleton(owner.username),
    email: owner.email,
    emailKey: emailKey(owner.email),
    status: UserStatus.ACTIVE,
    passwordChangeRequired: owner.passwordChangeRequired,
    instanceOwner: true,
    createTime: time,
    updateTime: time,
  });
  const secret = create(PasswordSchema, {
    userId: record.id,
    ...hash,
    setTime: time,
    needsSecondFactor: owner.allowed.needsSecondFactor,
  });
  await store
    .tenant(call.tenantId)
    .commit([insert(users, record), insert(passwords, secret)], [userCreated(call, now, record.id)]);
  return { record, version: 1 };
}

async function resetOwner(
  dependencies: IdentityDependencies,
  call: Call,
  stored: Stored<typeof UserSchema>,
  { userId, allowed, passwordChangeRequired }: Owner,
): Promise<Stored<typeof UserSchema>> {
  const before = await dependencies.store.tenant(call.tenantId).get(passwords, userId);
  const check: CheckChange = async (user) => ({ user: user ?? stored, allowed });
  const reset = await storePassword(dependencies, call, { user: stored, allowed }, before, {
    check,
    byAdministrator: true,
    changeRequired: passwordChangeRequired,
  });
  // A flow that the password before has taken half-way must not come to its end.
  await voidWhatWasIssued(dependencies, call, { userId, version: reset.version });
  return reset;
}
