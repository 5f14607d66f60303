import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SetUserPasswordResponseSchema,
  type SetUserPasswordRequest,
  type SetUserPasswordResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { passwords, users } from "../collections.ts";
import { voidWhatWasIssued } from "../credentials/void-what-was-issued.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { checkByPolicy } from "../passwords/check-by-policy.ts";
import { storePassword, type CheckChange } from "../passwords/store-password.ts";
import { checkMayChange } from "./check-may-change.ts";
import { userNotFound } from "./user-not-found.ts";

/**
 * Sets a password as an administrator, and voids what was issued to the user before it answers. A repeat sets and voids
 * again; after a crash in between, `finishVoiding` voids without one.
 */
export function setUserPassword(dependencies: IdentityDependencies) {
  return async (request: SetUserPasswordRequest, context: HandlerContext): Promise<SetUserPasswordResponse> => {
    const call = callOf(context);
    const data = dependencies.store.tenant(call.tenantId);
    const { userId, password, passwordChangeRequired: changeRequired } = request;
    const check: CheckChange = async (user) => {
      if (user === undefined || user.record.status === UserStatus.DELETED) throw userNotFound(userId);
      await checkMayChange(data, user.record, call);
      const asked = { userId, password, owner: user.record };
      return { user, allowed: await checkByPolicy(dependencies, call, "password", asked) };
    };
    const [user, before] = await Promise.all([data.get(users, userId), data.get(passwords, userId)]);
    const { version } = await storePassword(dependencies, call, await check(user), before, {
      check,
      byAdministrator: true,
      changeRequired,
    });
    await voidWhatWasIssued(dependencies, call, { userId, version });
    return create(SetUserPasswordResponseSchema, {});
  };
}
