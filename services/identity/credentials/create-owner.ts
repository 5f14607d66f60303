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
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { storePassword } from "../passwords/store-password.ts";
import { checkedUsername, emailKey } from "../users/login-names.ts";
import { takenFailure } from "../users/taken.ts";
import { userCreated } from "../users/user-events.ts";
import { userMessage } from "../users/user-message.ts";

/** Creates the owner of the instance; a repeat with the same id, as long as they never signed in, sets the password anew. */
export function createOwner(dependencies: IdentityDependencies) {
  const { store, hashing, clock } = dependencies;
  return async (request: CreateOwnerRequest, context: HandlerContext): Promise<CreateOwnerResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const username = checkedUsername(request.username);
    const password = checkPassword("password", request.password, request);
    const changeRequired = request.passwordChangeRequired;
    const stored = await data.get(users, request.userId);
    if (stored !== undefined) {
      if (!stored.record.instanceOwner || stored.record.signedInOnce) {
        throw identityFailure(IdentityErrorReason.OWNER_EXISTS, "the owner exists and has signed in");
      }
      await storePassword(dependencies, call, stored, password, { byAdministrator: true, changeRequired });
      const after = (await data.get(users, request.userId)) ?? stored;
      return create(CreateOwnerResponseSchema, { user: userMessage(after) });
    }
    const phc = await hashing.hash(password, call.signal);
    const now = clock();
    const time = timestampFromMs(now);
    const record = create(UserSchema, {
      id: request.userId,
      username,
      email: request.email,
      emailKey: request.email === "" ? "" : emailKey(request.email),
      status: UserStatus.ACTIVE,
      passwordChangeRequired: changeRequired,
      instanceOwner: true,
      createTime: time,
      updateTime: time,
    });
    const secret = create(PasswordSchema, { userId: record.id, phc, setTime: time });
    try {
      await data.commit([insert(users, record), insert(passwords, secret)], [userCreated(call, now, record.id, username)]);
    } catch (error) {
      throw error instanceof Conflict ? takenFailure(error) : error;
    }
    return create(CreateOwnerResponseSchema, { user: userMessage({ record, version: 1 }) });
  };
}
