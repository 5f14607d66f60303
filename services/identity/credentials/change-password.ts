import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ChangePasswordResponseSchema,
  type ChangePasswordRequest,
  type ChangePasswordResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { storePassword } from "../passwords/store-password.ts";
import { userNotFound } from "../users/user-not-found.ts";
import { voidWhatWasIssued } from "./void-what-was-issued.ts";

/** Sets the password that a user chose, which must not be the one that they have, and voids what was issued before. */
export function changePassword(dependencies: IdentityDependencies) {
  const { store, hashing } = dependencies;
  return async (request: ChangePasswordRequest, context: HandlerContext): Promise<ChangePasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const [user, before] = await Promise.all([data.get(users, request.userId), data.get(passwords, request.userId)]);
    if (user === undefined) throw userNotFound(request.userId);
    const password = checkPassword("new_password", request.newPassword, user.record);
    if (before !== undefined && (await hashing.verify(before.record.phc, password, call.signal))) {
      const description = "must not be the password that it replaces";
      throw identityFailure(IdentityErrorReason.PASSWORD_NOT_ALLOWED, `new_password: ${description}`, {
        violations: [{ field: "new_password", description }],
      });
    }
    await storePassword(dependencies, call, user, password, { byAdministrator: false, changeRequired: false });
    return create(ChangePasswordResponseSchema, {
      userEpoch: await voidWhatWasIssued(dependencies, call, request.userId),
    });
  };
}
