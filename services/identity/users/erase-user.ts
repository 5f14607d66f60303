import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  EraseUserResponseSchema,
  type EraseUserRequest,
  type EraseUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { failure } from "../../host/failure.ts";
import { users } from "../collections.ts";
import { checkMayChange } from "./check-may-change.ts";
import { markDeleted, type DeletionNeeds } from "./mark-deleted.ts";
import { userNotFound } from "./user-not-found.ts";

/** How long whoever asked for it can think better of it, in milliseconds. */
export const grace = 86_400_000;

/**
 * Has a user erased after a day: their own wish, or an administrator's. A person who signed in asks themselves; no program of
 * theirs does it by a personal access token.
 */
export function eraseUser(needs: DeletionNeeds) {
  return (request: EraseUserRequest, context: HandlerContext): Promise<EraseUserResponse> =>
    changeLatest(undefined, async () => {
      const call = callOf(context);
      const { caller } = call;
      const isOwn = caller.kind === "user" && (request.userId === "me" || request.userId === caller.userId);
      if (isOwn && caller.sessionId === "") {
        throw failure(ErrorReason.PERMISSION_DENIED, "whoever wants to be erased signs in, and asks themselves");
      }
      const userId = isOwn ? caller.userId : request.userId;
      const data = needs.store.tenant(call.tenantId);
      const stored = await data.get(users, userId);
      if (stored === undefined) throw userNotFound(request.userId);
      if (!isOwn) await checkMayChange(data, stored.record, call);
      const { record } = await markDeleted(needs, call, stored, needs.clock() + grace);
      return create(EraseUserResponseSchema, record.purgeTime === undefined ? {} : { eraseTime: record.purgeTime });
    });
}
