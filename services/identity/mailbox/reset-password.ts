import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResetPasswordResponseSchema,
  type ResetPasswordRequest,
  type ResetPasswordResponse,
} from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { passwords, users } from "../collections.ts";
import { voidWhatWasIssued } from "../credentials/void-what-was-issued.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { storePassword } from "../passwords/store-password.ts";
import { emailKey } from "../users/login-names.ts";
import { userNotFound } from "../users/user-not-found.ts";

/**
 * Sets the password of somebody who has proven their mailbox, and voids what was issued before the answer; after a crash in
 * between, `finishVoiding` does. An address that is not the user's any more proves nothing (security A16), and a user who
 * may not sign in is not there (security A8).
 */
export function resetPassword(dependencies: IdentityDependencies) {
  const { store, tenants } = dependencies;
  return async (request: ResetPasswordRequest, context: HandlerContext): Promise<ResetPasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const [user, before] = await Promise.all([data.get(users, request.userId), data.get(passwords, request.userId)]);
    const isTheirs =
      user?.record.status === UserStatus.ACTIVE &&
      request.email !== "" &&
      user.record.emailKey === emailKey(request.email);
    if (user === undefined || !isTheirs) throw userNotFound(request.userId);
    const password = checkPassword("new_password", request.newPassword, user.record, await tenants.get(call));
    const { version } = await storePassword(dependencies, call, user, before, password, {
      byAdministrator: false,
      changeRequired: false,
      emailVerified: true,
    });
    await voidWhatWasIssued(dependencies, call, { userId: request.userId, version });
    return create(ResetPasswordResponseSchema);
  };
}
