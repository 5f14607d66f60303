import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  PurgeUserResponseSchema,
  type PurgeUserRequest,
  type PurgeUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { Conflict } from "../../store/store.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { deletedUser } from "./deleted-user.ts";
import { purge } from "./purge.ts";
import { userChangedMeanwhile } from "./user-not-found.ts";

/** Erases a deleted user at once. */
export function purgeUser({ store, clock }: Pick<IdentityDependencies, "store" | "clock">) {
  return ({ userId }: PurgeUserRequest, context: HandlerContext): Promise<PurgeUserResponse> =>
    changeLatest(undefined, async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const stored = await deletedUser(data, call, userId);
      try {
        await purge(data, call, clock(), stored);
      } catch (error) {
        throw error instanceof Conflict ? userChangedMeanwhile() : error;
      }
      return create(PurgeUserResponseSchema, {});
    });
}
