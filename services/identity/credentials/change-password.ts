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
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { checkByPolicy, passwordNotAllowed } from "../passwords/check-by-policy.ts";
import { checkNotUsedBefore, unchanged } from "../passwords/password-history.ts";
import { storePassword, type CheckChange } from "../passwords/store-password.ts";
import { userNotFound } from "../users/user-not-found.ts";
import { voidWhatWasIssued } from "./void-what-was-issued.ts";

/** A person repeats an interrupted change within the flow that asked for it, in milliseconds. */
const repeatedWithin = 10 * 60_000;

/**
 * Sets the password that a user chose, which must be none that they have or had as far as the policy looks back, and voids what was issued before: commit
 * first, then the epoch. Where a crash came between the two, a repeat finds its own password and does what is missing, and
 * so does `finishVoiding`. A user who may not sign in is not there for this call, like one who never was (security A8).
 */
export function changePassword(dependencies: IdentityDependencies) {
  const { store, hashing, clock } = dependencies;
  return async (request: ChangePasswordRequest, context: HandlerContext): Promise<ChangePasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { userId, newPassword } = request;
    const check: CheckChange = async (user) => {
      if (user === undefined || user.record.status !== UserStatus.ACTIVE) throw userNotFound(userId);
      const asked = { userId, password: newPassword, owner: user.record };
      return { user, allowed: await checkByPolicy(dependencies, call, "new_password", asked) };
    };
    const [stored, before] = await Promise.all([data.get(users, userId), data.get(passwords, userId)]);
    const checked = await check(stored);
    const { user, allowed } = checked;
    const { password, policy, needsSecondFactor } = allowed;
    const isTheSame = before !== undefined && (await hashing.verify(before.record, password, call.signal));
    if (isTheSame && !isRepeat(user.record, before.record, clock()))
      throw passwordNotAllowed("new_password", unchanged);
    if (!isTheSame) {
      await checkNotUsedBefore(dependencies, call, "new_password", { userId, password, history: policy.history });
    }
    const { version } = isTheSame
      ? user
      : await storePassword(dependencies, call, checked, before, {
          check,
          byAdministrator: false,
          changeRequired: false,
        });
    const userEpoch = await voidWhatWasIssued(dependencies, call, { userId, version });
    return create(ChangePasswordResponseSchema, { userEpoch, secondFactorNeeded: needsSecondFactor });
  };
}

/** Whether the password that a user has is one that they have just chosen. */
const isRepeat = (user: User, { setTime }: Password, now: number): boolean =>
  !user.passwordChangeRequired && setTime !== undefined && now - timestampMs(setTime) < repeatedWithin;
