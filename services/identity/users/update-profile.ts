import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { UserSchema as StoredUserSchema, type User as StoredUser } from "#gen/koder/identity/store/v1/user_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { UserStatus, type User } from "#gen/koder/identity/v1/user_pb.ts";
import {
  UpdateProfileResponseSchema,
  type UpdateProfileRequest,
  type UpdateProfileResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { readUpdate } from "../../host/read-update.ts";
import { userOf } from "../../host/user-of.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { replace } from "../../store/writes.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { checkProfile } from "./check-profile.ts";
import { profileFields } from "./profile-fields.ts";
import { userUpdated } from "./user-events.ts";
import { storedAddress, userEtag, userMessage } from "./user-message.ts";
import { userChangedMeanwhile, userNotFound } from "./user-not-found.ts";

/**
 * Changes what people may say of themselves, all or none. What others rely on, such as the name to sign in with, the address of
 * mail and what is verified, no path of the mask reaches (security A16).
 */
export function updateProfile({ store, clock }: Pick<IdentityDependencies, "store" | "clock">) {
  return (request: UpdateProfileRequest, context: HandlerContext): Promise<UpdateProfileResponse> =>
    changeLatest(request.user?.etag, async () => {
      const call = callOf(context);
      const userId = userOf(call, request);
      const { asked: user, paths } = readUpdate(request.user, request.updateMask);
      refuseOthers(paths);
      checkProfile(user, paths);
      const data = store.tenant(call.tenantId);
      const stored = await data.get(users, userId);
      if (stored?.record.status !== UserStatus.ACTIVE) throw userNotFound(userId);
      if (user.etag !== "" && user.etag !== userEtag(stored.version)) throw userChangedMeanwhile();
      const now = clock();
      const record = create(StoredUserSchema, {
        ...stored.record,
        ...Object.assign({}, ...paths.map((path) => change(path, user, stored.record))),
        updateTime: timestampFromMs(now),
      });
      const version = stored.version + 1;
      const isDone = await commitUnlessChanged(
        data,
        [replace(users, record, stored.version)],
        [userUpdated(call, now, userId, version, paths)],
      );
      if (!isDone) throw userChangedMeanwhile();
      return create(UpdateProfileResponseSchema, { user: userMessage({ record, version }) });
    });
}

const writable: ReadonlySet<string> = new Set([...profileFields.map(({ path }) => path), "address"]);

function refuseOthers(paths: readonly string[]): void {
  const others = paths.filter((path) => !writable.has(path));
  if (others.length === 0) return;
  throw identityFailure(IdentityErrorReason.FIELD_NOT_WRITABLE, `${others.join(", ")}: not for people to change`, {
    violations: others.map((path) => ({ field: `user.${path}`, description: "is not for people to change" })),
  });
}

/** What one path changes. What was proven of a telephone is not true of another. */
function change(path: string, user: User, before: StoredUser): Partial<StoredUser> {
  if (path === "address") return { address: storedAddress(user.address) };
  const field = profileFields.find((one) => one.path === path);
  if (field === undefined) throw new Error(`${path} is no field of a profile`);
  const isOther = field.name === "phoneNumber" && user.phoneNumber !== before.phoneNumber;
  return { [field.name]: user[field.name], ...(isOther ? { phoneNumberVerified: false } : {}) };
}
