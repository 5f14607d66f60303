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
import { checkByPolicy } from "../passwords/check-by-policy.ts";
import { checkNotUsed } from "../passwords/password-history.ts";
import { storePassword, type CheckChange } from "../passwords/store-password.ts";
import { emailKey } from "../users/login-names.ts";
import { userNotFound } from "../users/user-not-found.ts";

/**
 * Sets the password of somebody who has proven their mailbox, and voids what was issued before the answer; after a crash in
 * between, `finishVoiding` does. An address that is not the user's any more proves nothing (security A16), and a user who
 * may not sign in is not there (security A8).
 */
export function resetPassword(dependencies: IdentityDependencies) {
  const { store } = dependencies;
  return async (request: ResetPasswordRequest, context: HandlerContext): Promise<ResetPasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { userId, newPassword } = request;
    const check: CheckChange = async (user) => {
      const isTheirs =
        user?.record.status === UserStatus.ACTIVE &&
        request.email !== "" &&
        user.record.emailKey === emailKey(request.email);
      if (user === undefined || !isTheirs) throw userNotFound(userId);
      const asked = { userId, password: newPassword, owner: user.record };
      return { user, allowed: await checkByPolicy(dependencies, call, "new_password", asked) };
    };
    const [user, before] = await Promise.all([data.get(users, userId), data.get(passwords, userId)]);
    const checked = await check(user);
    const { password, policy } = checked.allowed;
    const chosen = { userId, password, history: policy.history };
    await checkNotUsed(dependencies, call, "new_password", chosen, before?.record);
    const { version } = await storePassword(dependencies, call, checked, before, {
      check,
      byAdministrator: false,
      changeRequired: false,
      emailVerified: true,
    });
    await voidWhatWasIssued(dependencies, call, { userId, version });
    return create(ResetPasswordResponseSchema);
  };
}
