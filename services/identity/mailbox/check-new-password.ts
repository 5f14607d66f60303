import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CheckNewPasswordResponseSchema,
  type CheckNewPasswordRequest,
  type CheckNewPasswordResponse,
} from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { userNotFound } from "../users/user-not-found.ts";

/** Says whether a user may have a password, before what allows to set it is used up. */
export function checkNewPassword({ store, tenants }: Pick<IdentityDependencies, "store" | "tenants">) {
  return async (request: CheckNewPasswordRequest, context: HandlerContext): Promise<CheckNewPasswordResponse> => {
    const call = callOf(context);
    const user = await store.tenant(call.tenantId).get(users, request.userId);
    if (user === undefined || user.record.status !== UserStatus.ACTIVE) throw userNotFound(request.userId);
    checkPassword("new_password", request.newPassword, user.record, await tenants.get(call));
    return create(CheckNewPasswordResponseSchema);
  };
}
