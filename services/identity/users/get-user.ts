import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetUserResponseSchema,
  type GetUserRequest,
  type GetUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { userMessage } from "./user-message.ts";
import { userNotFound } from "./user-not-found.ts";

/** One user of the tenant; `me` is the caller. */
export function getUser({ store }: IdentityDependencies) {
  return async (request: GetUserRequest, context: HandlerContext): Promise<GetUserResponse> => {
    const { tenantId, caller } = callOf(context);
    const userId = request.userId === "me" && caller.kind === "user" ? caller.userId : request.userId;
    const stored = await store.tenant(tenantId).get(users, userId);
    if (stored === undefined) throw userNotFound(request.userId);
    return create(GetUserResponseSchema, { user: userMessage(stored) });
  };
}
