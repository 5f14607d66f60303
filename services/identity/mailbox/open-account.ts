import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import {
  OpenAccountResponseSchema,
  type OpenAccountRequest,
  type OpenAccountResponse,
} from "#gen/koder/identity/v1/account_opening_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { emailKey } from "../users/login-names.ts";
import { takenFailure } from "../users/taken.ts";
import { userCreated } from "../users/user-events.ts";

/** Creates the user of somebody who has proven their mailbox, once for an id, with their password in the same commit. */
export function openAccount({ store, tenants, hashing, clock }: IdentityDependencies) {
  return async (request: OpenAccountRequest, context: HandlerContext): Promise<OpenAccountResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { userId: id, email, name, locale } = request;
    if ((await data.get(users, id)) !== undefined) return create(OpenAccountResponseSchema);
    const owner = { username: "", email, name };
    const password = checkPassword("password", request.password, owner, await tenants.get(call));
    // Before the hash, which costs far more.
    if ((await data.find(users, "email", emailKey(email))) !== undefined) throw emailTaken();
    const hash = await hashing.hash(password, call.signal);
    const now = clock();
    const time = timestampFromMs(now);
    const user = create(UserSchema, {
      id,
      email,
      emailKey: emailKey(email),
      emailVerified: true,
      name,
      locale,
      status: UserStatus.ACTIVE,
      createTime: time,
      updateTime: time,
    });
    const secret = create(PasswordSchema, { userId: id, ...hash, setTime: time });
    try {
      await data.commit([insert(users, user), insert(passwords, secret)], [userCreated(call, now, id)]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (error.reason === "exists") return create(OpenAccountResponseSchema);
      throw takenFailure(error, "");
    }
    return create(OpenAccountResponseSchema, { opened: true });
  };
}

/** The failure that the unique index would give. */
const emailTaken = () => takenFailure(new Conflict(0, users.name, "unique", "email"), "");
