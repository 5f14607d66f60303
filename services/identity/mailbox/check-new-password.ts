import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CheckNewPasswordResponseSchema,
  type CheckNewPasswordRequest,
  type CheckNewPasswordResponse,
} from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { checkByPolicy } from "../passwords/check-by-policy.ts";
import { checkNotUsed } from "../passwords/password-history.ts";
import { userNotFound } from "../users/user-not-found.ts";

/** Says whether a user may have a password, before what allows to set it is used up. */
export function checkNewPassword(dependencies: Pick<IdentityDependencies, "store" | "tenants" | "peers" | "hashing">) {
  return async (request: CheckNewPasswordRequest, context: HandlerContext): Promise<CheckNewPasswordResponse> => {
    const call = callOf(context);
    const { userId, newPassword } = request;
    const data = dependencies.store.tenant(call.tenantId);
    const [user, present] = await Promise.all([data.get(users, userId), data.get(passwords, userId)]);
    if (user === undefined || user.record.status !== UserStatus.ACTIVE) throw userNotFound(userId);
    const asked = { userId, password: newPassword, owner: user.record };
    const { password, policy } = await checkByPolicy(dependencies, call, "new_password", asked);
    const chosen = { userId, password, history: policy.history };
    await checkNotUsed(dependencies, call, "new_password", chosen, present?.record);
    return create(CheckNewPasswordResponseSchema);
  };
}
