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
import { callOf, type Call } from "../../host/call.ts";
import { Conflict, type TenantStore } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { invitations, passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { acceptedInvitation, type Promised } from "../invitations/accepted-invitation.ts";
import { checkByPolicy } from "../passwords/check-by-policy.ts";
import { userSubject } from "../roles/subject.ts";
import { emailKey } from "../users/login-names.ts";
import { emailTaken, takenFailure } from "../users/taken.ts";
import { userCreated } from "../users/user-events.ts";

const nothing: Promised = { writes: [], events: [] };

/** Creates the user of somebody who has proven their mailbox, once for an id, with their password in the same commit. */
export function openAccount(dependencies: IdentityDependencies) {
  const { store, hashing, authorities, clock } = dependencies;
  const promisedTo = async (
    data: TenantStore,
    call: Call,
    request: OpenAccountRequest,
  ): Promise<Promised | undefined> =>
    request.invitationId === "" ? nothing : acceptedInvitation(data, call, clock(), request);

  return async (request: OpenAccountRequest, context: HandlerContext): Promise<OpenAccountResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { userId: id, email, name, locale } = request;
    if ((await data.get(users, id)) !== undefined) return create(OpenAccountResponseSchema);
    const promised = await promisedTo(data, call, request);
    if (promised === undefined) return create(OpenAccountResponseSchema);
    const owner = { username: "", email, name };
    const asked = { userId: "", password: request.password, owner };
    const { password, needsSecondFactor, policy } = await checkByPolicy(dependencies, call, "password", asked);
    // Before the hash, which costs far more.
    if ((await data.find(users, "email", emailKey(email))) !== undefined) throw emailTaken("");
    const hash = await hashing.hash(password, call.signal, policy.argon2);
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
    const secret = create(PasswordSchema, { userId: id, ...hash, setTime: time, needsSecondFactor });
    try {
      await data.commit(
        [insert(users, user), insert(passwords, secret), ...promised.writes],
        [userCreated(call, now, id), ...promised.events],
      );
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      // Somebody else used the link at this moment, or took the invitation back.
      if (error.reason === "exists" || error.collection === invitations.name) return create(OpenAccountResponseSchema);
      throw takenFailure(error, "");
    }
    authorities.forgetSubject(call.tenantId, userSubject(id));
    return create(OpenAccountResponseSchema, { opened: true });
  };
}
