import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { Password } from "#gen/koder/identity/store/v1/password_pb.ts";
import type { User } from "#gen/koder/identity/store/v1/user_pb.ts";
import {
  ChangePasswordResponseSchema,
  type ChangePasswordRequest,
  type ChangePasswordResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { storePassword } from "../passwords/store-password.ts";
import { userNotFound } from "../users/user-not-found.ts";
import { voidWhatWasIssued } from "./void-what-was-issued.ts";

/** A person repeats an interrupted change within the flow that asked for it, in milliseconds. */
const repeatedWithin = 10 * 60_000;

/**
 * Sets the password that a user chose, which must not be the one that they have, and voids what was issued before: commit
 * first, then the epoch. Where a crash came between the two, a repeat finds its own password and does what is missing, and
 * so does `finishVoiding`. A user who may not sign in is not there for this call, like one who never was (security A8).
 */
export function changePassword(dependencies: IdentityDependencies) {
  const { store, tenants, hashing, clock } = dependencies;
  return async (request: ChangePasswordRequest, context: HandlerContext): Promise<ChangePasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const [user, before] = await Promise.all([data.get(users, request.userId), data.get(passwords, request.userId)]);
    if (user === undefined || user.record.status !== UserStatus.ACTIVE) throw userNotFound(request.userId);
    const password = checkPassword("new_password", request.newPassword, user.record, await tenants.get(call));
    const isTheSame = before !== undefined && (await hashing.verify(before.record, password, call.signal));
    if (isTheSame && !isRepeat(user.record, before.record, clock())) {
      const description = "must not be the password that it replaces";
      throw identityFailure(IdentityErrorReason.PASSWORD_NOT_ALLOWED, `new_password: ${description}`, {
        violations: [{ field: "new_password", description }],
      });
    }
    const { version } = isTheSame
      ? user
      : await storePassword(dependencies, call, user, before, password, {
          byAdministrator: false,
          changeRequired: false,
        });
    const userEpoch = await voidWhatWasIssued(dependencies, call, { userId: request.userId, version });
    return create(ChangePasswordResponseSchema, { userEpoch });
  };
}

/** Whether the password that a user has is one that they have just chosen. */
const isRepeat = (user: User, { setTime }: Password, now: number): boolean =>
  !user.passwordChangeRequired && setTime !== undefined && now - timestampMs(setTime) < repeatedWithin;
