import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteUserResponseSchema,
  type DeleteUserRequest,
  type DeleteUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { users } from "../collections.ts";
import { checkMayChange } from "./check-may-change.ts";
import { markDeleted, type DeletionNeeds } from "./mark-deleted.ts";
import { userEtag, userMessage } from "./user-message.ts";
import { userChangedMeanwhile, userNotFound } from "./user-not-found.ts";

/** How long a user that an administrator deleted can be restored, in milliseconds. */
export const restorableFor = 30 * 86_400_000;

/** Deletes a user softly, as an administrator. */
export function deleteUser(needs: DeletionNeeds) {
  return ({ userId, etag }: DeleteUserRequest, context: HandlerContext): Promise<DeleteUserResponse> =>
    changeLatest(etag, async () => {
      const call = callOf(context);
      const data = needs.store.tenant(call.tenantId);
      const stored = await data.get(users, userId);
      if (stored === undefined) throw userNotFound(userId);
      await checkMayChange(data, stored.record, call);
      if (etag !== "" && etag !== userEtag(stored.version)) throw userChangedMeanwhile();
      const deleted = await markDeleted(needs, call, stored, needs.clock() + restorableFor);
      return create(DeleteUserResponseSchema, { user: userMessage(deleted) });
    });
}
