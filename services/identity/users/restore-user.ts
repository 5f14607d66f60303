import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { UserSchema as StoredUserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import {
  RestoreUserResponseSchema,
  type RestoreUserRequest,
  type RestoreUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { replace } from "../../store/writes.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { deletedUser } from "./deleted-user.ts";
import { userRestored } from "./user-events.ts";
import { userMessage } from "./user-message.ts";
import { userChangedMeanwhile } from "./user-not-found.ts";

/** Makes a deleted user what they were, without what had been issued to them. */
export function restoreUser({ store, clock }: Pick<IdentityDependencies, "store" | "clock">) {
  return ({ userId }: RestoreUserRequest, context: HandlerContext): Promise<RestoreUserResponse> =>
    changeLatest(undefined, async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const stored = await deletedUser(data, call, userId);
      const now = clock();
      const { deleteTime: _deleted, purgeTime: _purge, ...kept } = stored.record;
      const record = create(StoredUserSchema, {
        ...kept,
        status: kept.statusBeforeDelete || UserStatus.DISABLED,
        statusBeforeDelete: UserStatus.UNSPECIFIED,
        updateTime: timestampFromMs(now),
      });
      const version = stored.version + 1;
      const isDone = await commitUnlessChanged(
        data,
        [replace(users, record, stored.version)],
        [userRestored(call, now, userId, version)],
      );
      if (!isDone) throw userChangedMeanwhile();
      return create(RestoreUserResponseSchema, { user: userMessage({ record, version }) });
    });
}
