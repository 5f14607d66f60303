import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { UserSchema as StoredUserSchema, type User as StoredUser } from "#gen/koder/identity/store/v1/user_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { UserStatus, type User } from "#gen/koder/identity/v1/user_pb.ts";
import {
  UpdateUserResponseSchema,
  type UpdateUserRequest,
  type UpdateUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { readUpdate } from "../../host/read-update.ts";
import { failure } from "../../host/failure.ts";
import { Conflict, type TenantStore } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { users } from "../collections.ts";
import { voidWhatWasIssued } from "../credentials/void-what-was-issued.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { attributesOf, mergedAttributes, storedAttributes } from "../attributes/merged-attributes.ts";
import { checkMayChange } from "./check-may-change.ts";
import { checkedUsername } from "../usernames/checked-username.ts";
import { checkProfile } from "./check-profile.ts";
import { checkProven } from "./check-proven.ts";
import { emailKey, usernameKey } from "./login-names.ts";
import { profileFields } from "./profile-fields.ts";
import { takenFailure } from "./taken.ts";
import { userUpdated } from "./user-events.ts";
import { storedAddress, userEtag, userMessage } from "./user-message.ts";
import { userChangedMeanwhile, userNotFound } from "./user-not-found.ts";
import { usernameSkeleton } from "./username-skeleton.ts";

/**
 * Changes the fields that the mask names, all or none. A status of DISABLED, also where it was so before, voids every
 * session and token before the answer: commit first, so that nothing new begins, then the epoch. After a crash in between,
 * a repeat or `finishVoiding` voids them.
 */
export function updateUser(dependencies: IdentityDependencies) {
  const { store, clock, attributeSchemas } = dependencies;
  return (request: UpdateUserRequest, context: HandlerContext): Promise<UpdateUserResponse> =>
    changeLatest(request.user?.etag, async () => {
      const call = callOf(context);
      const { asked: user, paths } = readUpdate(request.user, request.updateMask);
      const data = store.tenant(call.tenantId);
      const stored = await data.get(users, request.userId);
      if (stored === undefined || stored.record.status === UserStatus.DELETED) throw userNotFound(request.userId);
      await checkMayChange(data, stored.record, call);
      if (user.etag !== "" && user.etag !== userEtag(stored.version)) throw userChangedMeanwhile();

      checkProfile(user, paths);
      const now = clock();
      const fields = paths.filter((path) => path !== "attributes");
      const attributes = paths.includes("attributes")
        ? mergedAttributes(
            await attributeSchemas.get(call.tenantId),
            attributesOf(stored.record),
            user.attributes ?? {},
            "user.attributes",
          )
        : undefined;
      const changed = create(StoredUserSchema, {
        ...stored.record,
        ...Object.assign(
          unproven(paths, user, stored.record),
          ...(await Promise.all(fields.map((path) => change(data, path, user, stored.record)))),
        ),
        ...(attributes === undefined ? {} : { attributesJson: storedAttributes(attributes) }),
        updateTime: timestampFromMs(now),
      });
      if (changed.username === "" && changed.email === "") {
        throw failure(ErrorReason.INVALID_REQUEST, "user: a username or an e-mail address must be left", {
          violations: [{ field: "user.username", description: "must be set where email is not" }],
        });
      }
      checkProven(changed, paths);
      const version = stored.version + 1;
      const status = paths.includes("status") ? user.status : undefined;
      try {
        await data.commit(
          [replace(users, changed, stored.version)],
          [userUpdated(call, now, changed.id, version, paths, status)],
        );
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        throw error.reason === "version" ? userChangedMeanwhile() : takenFailure(error);
      }
      if (status === UserStatus.DISABLED) {
        await voidWhatWasIssued(dependencies, call, { userId: changed.id, version });
      }
      return create(UpdateUserResponseSchema, { user: userMessage({ record: changed, version }) });
    });
}

/** What was proven of an address or telephone is not true of another, unless the mask says so too (security A16). */
function unproven(paths: readonly string[], user: User, before: StoredUser): Partial<StoredUser> {
  return {
    ...(paths.includes("email") && emailKey(user.email) !== before.emailKey ? { emailVerified: false } : {}),
    ...(paths.includes("phone_number") && user.phoneNumber !== before.phoneNumber
      ? { phoneNumberVerified: false }
      : {}),
  };
}

const named = (username: string) => ({ username, usernameSkeleton: usernameSkeleton(username) });

/** What one path of the mask changes. Throws FIELD_NOT_WRITABLE for one that this call cannot. */
async function change(data: TenantStore, path: string, user: User, before: StoredUser): Promise<Partial<StoredUser>> {
  const profile = profileFields.find((field) => field.path === path);
  if (profile !== undefined) return { [profile.name]: user[profile.name] };
  switch (path) {
    case "username":
      // The policy counts for names that are given from then on: whoever keeps theirs is not asked by a stricter one.
      if (usernameKey(user.username) === before.username) return {};
      return named(await checkedUsername(data, "user.username", user.username));
    case "email":
      return { email: user.email, emailKey: emailKey(user.email) };
    case "email_verified":
      return { emailVerified: user.emailVerified };
    case "phone_number_verified":
      return { phoneNumberVerified: user.phoneNumberVerified };
    case "password_change_required":
      return { passwordChangeRequired: user.passwordChangeRequired };
    case "status":
      if (user.status === UserStatus.ACTIVE || user.status === UserStatus.DISABLED) return { status: user.status };
      throw failure(ErrorReason.INVALID_REQUEST, "user.status: must be ACTIVE or DISABLED", {
        violations: [{ field: "user.status", description: "must be ACTIVE or DISABLED" }],
      });
    case "address":
      return { address: storedAddress(user.address) };
    default:
      throw identityFailure(IdentityErrorReason.FIELD_NOT_WRITABLE, `${path}: cannot be changed by this call`, {
        violations: [{ field: `user.${path}`, description: "cannot be changed by this call" }],
      });
  }
}
